// Where the page starts: styles, the listeners that live as long as it does, and the root component.
import './styles/tokens.css';
import './styles/base.css';
import './styles/table.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { followOtherTabs, resume } from './state/auth.svelte';
import { startClock } from './state/clock.svelte';
import { followDevice } from './state/live.svelte';
import { startRouter } from './state/router.svelte';
import { applyTheme } from './state/theme.svelte';

applyTheme();
startClock();
startRouter();
followOtherTabs();
followDevice();
void resume();

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target });
