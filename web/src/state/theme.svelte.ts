// Light, dark, or as the system has it. The choice is an attribute of the document; the styles do the rest.
import { load, save } from './storage';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const stored = load('theme');
let theme = $state<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto');

export const appearance = {
  get theme(): Theme {
    return theme;
  },
  set theme(chosen: Theme) {
    theme = chosen;
    save('theme', chosen === 'auto' ? null : chosen);
    applyTheme();
  },
};

export function applyTheme(): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
