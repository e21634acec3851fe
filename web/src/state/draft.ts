// What is being written on the page for sending, and what it becomes: a request, a preview, or complaints.
import type { Audience, Notification, PublishRequest, Role, Severity } from '../api/types';
import { isTopicName } from '../text/topic';

export interface Draft {
  audience: 'users' | 'roles' | 'topic' | 'all';
  users: { id: number; username: string }[];
  roles: Role[];
  topic: string;
  severity: Severity;
  title: string;
  body: string;
  link: string;
  type: string;
  requiresAck: boolean;
  /** As a field for date and time has them, in the writer's own zone; empty: at once, and for ever. */
  deliverAt: string;
  expiresAt: string;
}

export function emptyDraft(): Draft {
  return {
    audience: 'users',
    users: [],
    roles: [],
    topic: '',
    severity: 'info',
    title: '',
    body: '',
    link: '',
    type: '',
    requiresAck: false,
    deliverAt: '',
    expiresAt: '',
  };
}

export type Complaint = 'title' | 'users' | 'roles' | 'topic';

/** What must be filled in before it is worth asking the server. */
export function complaints(draft: Draft): Complaint[] {
  const found: Complaint[] = [];
  if (draft.audience === 'users' && draft.users.length === 0) found.push('users');
  if (draft.audience === 'roles' && draft.roles.length === 0) found.push('roles');
  if (draft.audience === 'topic' && !isTopicName(draft.topic.trim())) found.push('topic');
  if (draft.title.trim() === '') found.push('title');
  return found;
}

export function toRequest(draft: Draft): PublishRequest {
  return {
    to: audienceOf(draft),
    title: draft.title.trim(),
    severity: draft.severity,
    ...optional('body', draft.body),
    ...optional('link', draft.link),
    ...optional('type', draft.type),
    ...optional('deliver_at', instant(draft.deliverAt) ?? ''),
    ...optional('expires_at', instant(draft.expiresAt) ?? ''),
    ...(draft.requiresAck ? { requires_ack: true } : {}),
  };
}

export function toPreview(
  draft: Draft,
  from: { id: number; username: string } | null,
  now: number,
): Notification {
  return {
    id: 0,
    title: draft.title.trim(),
    body: draft.body.trim() || null,
    severity: draft.severity,
    type: draft.type.trim() || null,
    event: null,
    link: draft.link.trim() || null,
    data: null,
    created_at: new Date(now).toISOString(),
    expires_at: instant(draft.expiresAt),
    requires_ack: draft.requiresAck,
    replaces: null,
    read_at: null,
    acknowledged_at: null,
    acknowledgements: [],
    from,
  };
}

/** A local date and time as an instant; what is none (yet) is not given. */
function instant(local: string): string | null {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function audienceOf(draft: Draft): Audience {
  switch (draft.audience) {
    case 'users':
      return { users: draft.users.map((user) => user.id) };
    case 'roles':
      return { roles: draft.roles };
    case 'topic':
      return { topic: draft.topic.trim() };
    case 'all':
      return { all: true };
  }
}

function optional<Name extends string>(name: Name, value: string): { [K in Name]?: string } {
  const text = value.trim();
  return (text === '' ? {} : { [name]: text }) as { [K in Name]?: string };
}
