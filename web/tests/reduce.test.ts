import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notification, NotificationPage } from '../src/api/types';
import { INITIAL, type LiveEvent, type LiveState, MOST_ITEMS, reduce } from '../src/live/reduce';

const AT = '2026-03-01T12:00:00.000Z';

function note(id: number, more: Partial<Notification> = {}): Notification {
  return {
    id,
    title: `n${id}`,
    body: null,
    severity: 'info',
    type: null,
    event: null,
    link: null,
    data: null,
    created_at: AT,
    expires_at: null,
    requires_ack: false,
    replaces: null,
    read_at: null,
    acknowledged_at: null,
    acknowledgements: [],
    from: null,
    ...more,
  };
}

const page = (items: Notification[], more: Partial<NotificationPage> = {}): NotificationPage => {
  const position = more.position ?? items[0]?.id ?? 0;
  const unread = items.filter((item) => item.read_at === null).length;
  return {
    items,
    next_cursor: null,
    unread,
    // Here the reader does nothing, unless a test says so: then only the stream makes versions.
    unread_version: position,
    unread_position: position,
    position,
    ...more,
  };
};

const run = (...events: LiveEvent[]): LiveState => events.reduce(reduce, INITIAL);
const arrival = (id: number): LiveEvent => ({ type: 'notification', item: note(id), offset: String(id) });
const counted = (unread: number) => ({ unread, unread_version: 1_000, unread_position: 1_000 });

/** Newer than everything, and of as much of the stream as `through`. */
const change = (
  unread: number,
  read: number[] = [],
  read_up_to: number | null = null,
  through = 0,
  version = 1_000,
): LiveEvent => ({
  type: 'inbox',
  change: {
    unread,
    unread_version: version,
    unread_position: through,
    read,
    read_up_to,
    archived: [],
    acknowledged: [],
  },
  at: AT,
});
const ids = (state: LiveState) => state.inbox.items.map((item) => item.id);

describe('arrivals', () => {
  it('put the newest first and count one unread each', () => {
    const state = run({ type: 'page', page: page([note(1)]) }, arrival(2), arrival(3));
    expect(ids(state)).toEqual([3, 2, 1]);
    expect(state.inbox.unread).toBe(3);
    expect(state.inbox.fresh).toEqual([2, 3]);
  });

  it('are ignored when they are already there', () => {
    const once = run({ type: 'page', page: page([note(1)]) }, arrival(2));
    const twice = reduce(once, arrival(2));
    expect(twice.inbox).toBe(once.inbox);
  });

  it('that the list already counted, but is too short to show, add nothing to the count', () => {
    const state = run({ type: 'page', page: page([note(9)], { unread: 4, position: 9 }) }, arrival(7));
    expect(state.inbox.unread).toBe(4);
  });

  it('without a list are not counted twice: the count came over the socket, before the backlog', () => {
    const state = run(change(2, [], null, 2), arrival(1), arrival(2), arrival(3));
    expect(state.inbox.unread).toBe(3);
  });

  it('push the oldest out of a list that is full, and say so', () => {
    const many = Array.from({ length: MOST_ITEMS }, (_, n) => note(MOST_ITEMS - n));
    const state = run({ type: 'page', page: page(many, { next_cursor: 'older' }) }, arrival(MOST_ITEMS + 1));
    expect(state.inbox.items).toHaveLength(MOST_ITEMS);
    expect(state.inbox.items.at(-1)?.id).toBe(2);
    expect(state.inbox).toMatchObject({ truncated: true, nextCursor: null });
  });
});

describe('the position for the next handshake', () => {
  it('is the end of the list, then the offset of the last arrival, and never goes back', () => {
    const listed = run({ type: 'page', page: page([note(5)], { position: 8 }) });
    expect(listed.position).toBe('8');
    const arrived = reduce(listed, arrival(10));
    expect(arrived.position).toBe('10');
    expect(reduce(arrived, arrival(9)).position).toBe('10');
    expect(reduce(arrived, { type: 'page', page: page([note(5)], { position: 8 }) }).position).toBe('10');
  });

  it('is not moved by an offset that is not a number', () => {
    const state = run(arrival(3), { type: 'notification', item: note(4), offset: 'garbage' });
    expect(state.position).toBe('3');
  });
});

describe('changes of the inbox', () => {
  const listed = run({ type: 'page', page: page([note(3), note(2), note(1)]) });

  it('mark single ones as read and take over the count', () => {
    const state = reduce(listed, change(2, [2], null, 3));
    expect(state.inbox.items.map((item) => item.read_at)).toEqual([null, AT, null]);
    expect(state.inbox.unread).toBe(2);
  });

  it('mark everything up to an id as read, also what is not named', () => {
    const state = reduce(listed, change(1, [], 2, 3));
    expect(state.inbox.items.map((item) => item.read_at)).toEqual([null, AT, AT]);
    expect(state.inbox.unread).toBe(1);
  });

  it('that only tell the count on connecting do not count the coming backlog twice', () => {
    const back = reduce(reduce(listed, change(4, [], null, 4)), arrival(4));
    expect(back.inbox.unread).toBe(4);
  });

  it('take archived ones away', () => {
    const event: LiveEvent = {
      type: 'inbox',
      change: { ...counted(2), read: [], read_up_to: null, archived: [2], acknowledged: [] },
      at: AT,
    };
    expect(ids(reduce(listed, event))).toEqual([3, 1]);
  });
});

describe('pages', () => {
  it('read again are laid over the list: what was read elsewhere is read here', () => {
    const before = run({ type: 'page', page: page([note(2), note(1)], { next_cursor: 'c' }) }, arrival(3));
    const again = page([note(3), note(2, { read_at: AT })], { unread: 2, position: 3, next_cursor: 'other' });
    const state = reduce(before, { type: 'page', page: again });
    expect(ids(state)).toEqual([3, 2, 1]);
    expect(state.inbox.items[1]?.read_at).toBe(AT);
    expect(state.inbox).toMatchObject({ unread: 2, nextCursor: 'c' });
  });

  it('that were on their way while something arrived do not lose it from the count', () => {
    const state = run(arrival(7), { type: 'page', page: page([note(6)], { position: 6 }) });
    expect(ids(state)).toEqual([7, 6]);
    expect(state.inbox.unread).toBe(2);
  });

  it('never make unread again what was just read', () => {
    const state = run({ type: 'page', page: page([note(1)]) }, change(0, [1]), {
      type: 'older',
      page: page([note(1)]),
    });
    expect(state.inbox.items[0]?.read_at).toBe(AT);
  });

  it('start over when asked to', () => {
    const before = run({ type: 'page', page: page([note(2), note(1)]) });
    const state = reduce(before, { type: 'page', page: page([note(9)]), replace: true });
    expect(ids(state)).toEqual([9]);
  });

  it('of older ones go below, with the next cursor', () => {
    const state = run(
      { type: 'page', page: page([note(9)], { next_cursor: 'a' }) },
      { type: 'older', page: page([note(8)], { next_cursor: 'b', position: null }) },
    );
    expect(ids(state)).toEqual([9, 8]);
    expect(state.inbox).toMatchObject({ nextCursor: 'b', unread: 1 });
  });
});

describe('the connection', () => {
  const problem = { kind: 'transport_lost', detail: null } as const;
  const lost = (at: number): LiveEvent => ({ type: 'lost', problem, refused: false, retryAt: at + 1, at });

  it('keeps the list when it is lost, and remembers since when the list is old', () => {
    const state = run(
      { type: 'page', page: page([note(1)]) },
      { type: 'connected', transport: 'websocket' },
      { type: 'session', session: { id: 7, socket_id: 's', connected_at: AT } },
      lost(1_000),
      { type: 'connecting', attempt: 1 },
      lost(5_000),
    );
    expect(state.connection).toEqual({ state: 'reconnecting', problem, retryAt: 5_001 });
    expect(state).toMatchObject({ staleSince: 1_000, session: null });
    expect(ids(state)).toEqual([1]);
    expect(reduce(state, { type: 'connected', transport: 'polling' }).staleSince).toBeNull();
  });

  it('forgets everything when the user leaves', () => {
    expect(run(arrival(1), { type: 'stopped' })).toEqual(INITIAL);
  });
});

// A server and a network that repeats, and hands over late and out of order, against the reducer.
describe('whatever the network does', () => {
  const shuffled = fc
    .uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 })
    .chain((known) =>
      fc.tuple(
        fc.constant(known),
        fc.array(fc.constantFrom(...known), { maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }),
        fc.shuffledSubarray(known),
      ),
    );

  it('each notification is in the list once, newest first', () => {
    fc.assert(
      fc.property(shuffled, ([known, repeats, heads]) => {
        const pages = heads.map((head): LiveEvent => ({
          type: 'page',
          page: page(
            known
              .filter((id) => id <= head)
              .sort((a, b) => b - a)
              .map((id) => note(id)),
            { position: head },
          ),
        }));
        const events = [...known.map(arrival), ...repeats.map(arrival), ...pages];
        const state = run(...events);
        expect(ids(state)).toEqual([...known].sort((a, b) => b - a));
      }),
    );
  });

  it('the unread count is exact once a page was read, whenever the arrivals come', () => {
    fc.assert(
      fc.property(shuffled, fc.integer({ min: 0, max: 60 }), ([known, repeats], head) => {
        const listed = known.filter((id) => id <= head).sort((a, b) => b - a);
        const newest: LiveEvent = {
          type: 'page',
          page: page(
            listed.map((id) => note(id)),
            { position: head },
          ),
        };
        for (const cut of [0, known.length >> 1, known.length]) {
          const arrivals = [...known.map(arrival), ...repeats.map(arrival)];
          const state = run(...arrivals.slice(0, cut), newest, ...arrivals.slice(cut));
          expect(state.inbox.unread).toBe(known.length);
        }
      }),
    );
  });

  it('what was read stays read', () => {
    fc.assert(
      fc.property(shuffled, ([known, repeats, , read]) => {
        const state = run(
          ...known.map(arrival),
          change(known.length - read.length, read),
          ...repeats.map(arrival),
          { type: 'older', page: page(known.map((id) => note(id))) },
        );
        const unread = state.inbox.items.filter((item) => item.read_at === null).map((item) => item.id);
        expect(new Set(unread)).toEqual(new Set(known.filter((id) => !read.includes(id))));
      }),
    );
  });

  it('no event changes the state it was given', () => {
    fc.assert(
      fc.property(shuffled, ([known, repeats]) => {
        const before = run(...known.map(arrival));
        const copy = structuredClone(before);
        for (const id of repeats) reduce(before, change(0, [id]));
        reduce(before, { type: 'page', page: page([note(99)]) });
        expect(before).toEqual(copy);
      }),
    );
  });
});

describe('what is put away', () => {
  const archive = (id: number, unread = 0): LiveEvent => ({
    type: 'inbox',
    change: { ...counted(unread), read: [], read_up_to: null, archived: [id], acknowledged: [] },
    at: AT,
  });

  it('leaves the list, and an answer that is late does not bring it back', () => {
    const both = page([note(2), note(1)]);
    const state = run({ type: 'page', page: both }, archive(1, 1));
    expect(ids(state)).toEqual([2]);
    expect(state.inbox.unread).toBe(1);
    for (const late of [
      { type: 'page', page: both },
      { type: 'older', page: page([note(1)]) },
      arrival(1),
    ] satisfies LiveEvent[])
      expect(ids(reduce(state, late))).toEqual([2]);
  });

  it('elsewhere, while this page was away, is missing from the newest page and goes', () => {
    const before = run(
      { type: 'page', page: page([note(5), note(4), note(3)], { next_cursor: 'more' }) },
      { type: 'older', page: page([note(2), note(1)]) },
      arrival(6),
    );
    const newest = page([note(5), note(3)], { next_cursor: 'more', position: 5 });
    // 4 was put away; 6 is newer than the page, 2 and 1 are older.
    expect(ids(reduce(before, { type: 'page', page: newest }))).toEqual([6, 5, 3, 2, 1]);
  });

  it('goes also where the newest page is the whole inbox', () => {
    const before = run({ type: 'page', page: page([note(3), note(2), note(1)]) });
    expect(ids(reduce(before, { type: 'page', page: page([note(3)]) }))).toEqual([3]);
    expect(ids(reduce(before, { type: 'page', page: page([], { position: 3 }) }))).toEqual([]);
  });
});

describe('the count', () => {
  const listed = run({ type: 'page', page: page([note(2), note(1)]) });

  it('that is older than the last changes nothing, but what it says was read is read', () => {
    const newer = reduce(listed, change(0, [1, 2], null, 2, 8));
    const state = reduce(newer, change(1, [1], null, 2, 7));
    expect(state.inbox.unread).toBe(0);
    expect(state.inbox.items.map((item) => item.read_at)).toEqual([AT, AT]);
  });

  it('of a page that was overtaken changes nothing', () => {
    const read = reduce(listed, change(0, [1, 2], null, 2, 8));
    const late = page([note(2), note(1)], { unread_version: 7 });
    expect(reduce(read, { type: 'page', page: late }).inbox.unread).toBe(0);
  });

  it('adds what arrived after it was made', () => {
    const state = run(
      { type: 'page', page: page([note(2), note(1)]) },
      arrival(3),
      change(1, [1], null, 2, 8),
      arrival(4),
    );
    expect(state.inbox.unread).toBe(3);
  });

  // A server that publishes, reads and recalls; its counts arrive late, twice and in any order.
  it('is what the server has in the end, in whatever order its answers come', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), of: fc.constant(0) }),
      fc.record({ kind: fc.constant('read' as const), of: fc.nat(15) }),
      fc.record({ kind: fc.constant('remove' as const), of: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.infiniteStream(fc.nat()), (steps, dice) => {
        const server = { head: 0, touches: 0, unread: new Set<number>(), known: new Set<number>() };
        const counts = (): Pick<NotificationPage, 'unread' | 'unread_version' | 'unread_position'> => ({
          unread: server.unread.size,
          unread_version: server.head + server.touches,
          unread_position: server.head,
        });
        let state = INITIAL;
        let late: LiveEvent[] = [{ type: 'page', page: page([], counts()) }];
        const inbox = (read: number[]): LiveEvent => ({
          type: 'inbox',
          change: { ...counts(), read, read_up_to: null, archived: [], acknowledged: [] },
          at: AT,
        });
        for (const { kind, of } of steps) {
          if (kind === 'publish') {
            server.unread.add(++server.head);
            server.known.add(server.head);
            late.push(arrival(server.head));
          } else if (server.known.has(of)) {
            if (kind === 'remove') server.known.delete(of);
            if (server.unread.delete(of)) server.touches++;
            late.push(inbox(kind === 'read' ? [of] : []));
            if (kind === 'remove') late.push({ type: 'removed', ids: [of] });
          }
          // Some of what is under way arrives, some of it twice.
          for (let n = (dice.next().value ?? 0) % 3; n > 0 && late.length > 0; n--) {
            const at = (dice.next().value ?? 0) % late.length;
            state = reduce(state, late[at] as LiveEvent);
            if ((dice.next().value ?? 0) % 4 > 0) late = late.toSpliced(at, 1);
          }
        }
        for (const event of late) state = reduce(state, event);
        expect(state.inbox.unread).toBe(server.unread.size);
        expect(ids(state)).toEqual([...server.known].sort((a, b) => b - a));
      }),
    );
  });
});

describe('what takes the place of another', () => {
  const successor: LiveEvent = { type: 'notification', item: note(3, { replaces: 2 }), offset: '3' };

  it('does so where that was not read, and a late page does not bring it back', () => {
    const both = page([note(2), note(1)]);
    const state = run({ type: 'page', page: both }, successor);
    expect(ids(state)).toEqual([3, 1]);
    expect(ids(reduce(state, { type: 'page', page: both }))).toEqual([3, 1]);
  });

  it('leaves what was read', () => {
    const state = run({ type: 'page', page: page([note(2, { read_at: AT })]) }, successor);
    expect(ids(state)).toEqual([3, 2]);
    const older: LiveEvent = { type: 'older', page: page([note(2, { read_at: AT })]) };
    expect(ids(run(successor, older))).toEqual([3, 2]);
  });
});

describe('what is recalled or expires', () => {
  const removed: LiveEvent = { type: 'removed', ids: [2] };

  it('leaves the list and the front at once, and nothing late brings it back', () => {
    const asked = note(2, { requires_ack: true });
    const both = page([asked, note(1)]);
    const state = run({ type: 'page', page: both }, { type: 'front', items: [asked] }, removed);
    expect(ids(state)).toEqual([1]);
    expect(state.inbox.front).toEqual([]);
    for (const late of [
      { type: 'page', page: both },
      { type: 'notification', item: asked, offset: '2' },
      { type: 'front', items: [asked] },
    ] satisfies LiveEvent[]) {
      const after = reduce(state, late);
      expect(ids(after)).toEqual([1]);
      expect(after.inbox.front).toEqual([]);
    }
  });
});

describe('what is to be acknowledged', () => {
  const asked = (id: number) => note(id, { requires_ack: true });
  const by = { user: { id: 7, username: 'luis' }, at: AT };
  const front = (state: LiveState) => state.inbox.front.map((item) => item.id);

  it('stands in front, newest first, from the list and as it arrives', () => {
    const state = run(
      { type: 'front', items: [asked(1)] },
      { type: 'notification', item: asked(3), offset: '3' },
      arrival(4),
      { type: 'notification', item: asked(2), offset: '2' },
    );
    expect(front(state)).toEqual([3, 2, 1]);
  });

  it('leaves the front when somebody acknowledges it, and says who', () => {
    const state = run(
      { type: 'page', page: page([asked(2), asked(1)]) },
      { type: 'front', items: [asked(2), asked(1)] },
      { type: 'acknowledged', id: 2, by },
      { type: 'acknowledged', id: 2, by },
    );
    expect(front(state)).toEqual([1]);
    expect(state.inbox.items[0]?.acknowledgements).toEqual([by]);
    // Neither a list nor a page that is late undoes it.
    const late = reduce(state, { type: 'front', items: [asked(2), asked(1)] });
    expect(front(late)).toEqual([1]);
    const paged = reduce(state, { type: 'page', page: page([asked(2), asked(1)]) });
    expect(paged.inbox.items[0]?.acknowledgements).toEqual([by]);
  });

  it('stays in front when it is read or put away', () => {
    const change = { ...counted(0), read: [1], read_up_to: 1, archived: [1], acknowledged: [] };
    const state = run(
      { type: 'page', page: page([asked(1)]) },
      { type: 'front', items: [asked(1)] },
      { type: 'inbox', change, at: AT },
    );
    expect(front(state)).toEqual([1]);
    expect(state.inbox.front[0]?.read_at).toBe(AT);
    expect(ids(state)).toEqual([]);
  });
});

describe('a membership that changes', () => {
  const membership = { role: 'user' as const, topics: ['alerts.north'] };
  const old = [note(3, { read_at: AT }), note(2), note(1)];

  it('is another one each time, and moves nothing by itself', () => {
    const before = run({ type: 'page', page: page(old) });
    const once = reduce(before, { type: 'membership', membership });
    const twice = reduce(once, { type: 'membership', membership: { ...membership } });
    expect(once.membership).toEqual(membership);
    expect(twice.membership).not.toBe(once.membership);
    expect(twice.inbox).toBe(before.inbox);
  });

  it('lets go of what the list does not show any more, also of what is further back', () => {
    const state = run(
      { type: 'page', page: page(old, { next_cursor: '1' }) },
      { type: 'older', page: page([note(0)]) },
      { type: 'membership', membership },
      { type: 'page', page: page([note(3, { read_at: AT })], { next_cursor: '3' }), moved: true },
    );
    expect(ids(state)).toEqual([3]);
    expect(state.inbox.nextCursor).toBe('3');
    expect(state.inbox.unread).toBe(0);
  });

  it('keeps what came after that list was read', () => {
    const state = run({ type: 'page', page: page(old) }, { type: 'membership', membership }, arrival(4), {
      type: 'page',
      page: page([note(3)]),
      moved: true,
    });
    expect(ids(state)).toEqual([4, 3]);
    expect(state.inbox.unread).toBe(2);
  });

  it('forgets neither the newest count nor what has gone', () => {
    const late = page(old);
    const state = run(
      { type: 'page', page: page(old) },
      { type: 'removed', ids: [2] },
      change(7, [], null, 3),
      { type: 'page', page: late, moved: true },
    );
    expect(ids(state)).toEqual([3, 1]);
    expect(state.inbox.unread).toBe(7);
  });

  it('is over when one signs out', () => {
    expect(run({ type: 'membership', membership }, { type: 'stopped' }).membership).toBeNull();
  });
});
