// The topics as this user sees them, and what can be done with them. Whatever was done, the list is read again:
// subscribing may make a topic, and the last subscriber takes one along that is not listed.
import {
  ROLES,
  type Role,
  type Subscriber,
  type SubscriberPage,
  type Topic,
  type TopicPage,
} from '../api/types';
import { api, auth } from './auth.svelte';
import { live, refreshInbox } from './live.svelte';
import { Pager } from './pager.svelte';

export type TopicRow = Topic & { id: string };

/** As many as the server gives at once: of more topics than these the last are not suggested. */
const SUGGESTED_FROM = 200;

export function createTopics(): Pager<TopicRow, TopicPage & { items: TopicRow[] }> {
  return new Pager(async (query) => {
    const page = await api.topics(query);
    return { ...page, items: page.items.map((topic) => ({ ...topic, id: topic.name })) };
  });
}

export function createSubscribers(topic: string): Pager<Subscriber, SubscriberPage> {
  return new Pager((query) => api.subscribers(topic, query));
}

export async function subscribe(topic: string): Promise<void> {
  await api.subscribe(topic);
}

/** What came by it leaves the inbox, also while there is no connection that could say so. */
export async function unsubscribe(topic: string): Promise<void> {
  await api.unsubscribe(topic);
  if (live.state.connection.state !== 'connected') void refreshInbox({ moved: true });
}

/** Lists a topic for these roles; all of them is no restriction. */
export async function setTopic(topic: string, roles: readonly Role[]): Promise<void> {
  const chosen = ROLES.filter((role) => roles.includes(role));
  await api.setTopic(topic, chosen.length === ROLES.length ? null : chosen);
}

/** Topics with this in their name, for whoever is choosing one. */
export async function findTopics(text: string, most: number): Promise<Topic[]> {
  const { items } = await api.topics({ limit: SUGGESTED_FROM });
  return items.filter(({ name }) => isNamed(name, text)).slice(0, most);
}

export function isNamed(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.trim().toLowerCase());
}

export function isRestricted(topic: Topic): boolean {
  return topic.roles.length < ROLES.length;
}

/** Who is subscribed and may not read it any more keeps the subscription, and gets nothing. */
export function mayRead(topic: Topic): boolean {
  return auth.user !== null && topic.roles.includes(auth.user.role);
}
