// Sentences that are put together from a text and something described elsewhere; reactive to the language.
import { t } from '../i18n/index.svelte';
import { describeAgent } from './agent';

export function agentWords(userAgent: string | null): string {
  const agent = describeAgent(userAgent);
  if (agent === null) return t('agent.unknown');
  return agent.system === null
    ? agent.browser
    : t('agent.on', { browser: agent.browser, system: agent.system });
}
