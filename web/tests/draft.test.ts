import { describe, expect, it } from 'vitest';
import { complaints, emptyDraft, toPreview, toRequest } from '../src/state/draft';

const full = {
  ...emptyDraft(),
  users: [{ id: 27, username: 'ana' }],
  title: ' Disk full ',
  body: ' ',
  link: '/x',
};

describe('a draft', () => {
  it('is not sent without a title and somebody to send it to', () => {
    expect(complaints(emptyDraft())).toEqual(['users', 'title']);
    expect(complaints({ ...emptyDraft(), audience: 'roles', title: 'x' })).toEqual(['roles']);
    expect(complaints({ ...emptyDraft(), audience: 'all', title: 'x' })).toEqual([]);
    expect(complaints({ ...emptyDraft(), audience: 'topic', title: 'x' })).toEqual(['topic']);
    expect(complaints({ ...emptyDraft(), audience: 'topic', topic: 'two words', title: 'x' })).toEqual([
      'topic',
    ]);
    expect(complaints(full)).toEqual([]);
  });

  it('becomes a request without what was left empty', () => {
    expect(toRequest(full)).toEqual({
      to: { users: [27] },
      title: 'Disk full',
      severity: 'info',
      link: '/x',
    });
    expect(toRequest({ ...full, audience: 'all' }).to).toEqual({ all: true });
    expect(toRequest({ ...full, audience: 'topic', topic: ' alerts.north ' }).to).toEqual({
      topic: 'alerts.north',
    });
    expect(toRequest({ ...full, audience: 'roles', roles: ['operator'] }).to).toEqual({
      roles: ['operator'],
    });
  });

  it("says when in the writer's own zone, and the request in everybody's", () => {
    const timed = { ...full, deliverAt: '2030-01-31T22:00', expiresAt: 'nonsense', requiresAck: true };
    expect(toRequest(timed)).toMatchObject({
      deliver_at: new Date(2030, 0, 31, 22).toISOString(),
      requires_ack: true,
    });
    expect(toRequest(timed)).not.toHaveProperty('expires_at');
  });

  it('can be looked at before', () => {
    const preview = toPreview(full, { id: 1, username: 'admin' }, 0);
    expect(preview).toMatchObject({
      title: 'Disk full',
      body: null,
      from: { username: 'admin' },
      read_at: null,
    });
  });
});
