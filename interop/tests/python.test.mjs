// python-socketio, an independent client, says the same: each run of python/client.py connects, waits for a
// notification, reads it with an acknowledgement, and prints what it saw.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { Program, until } from '../harness/process.mjs';
import { REPOSITORY } from '../harness/place.mjs';
import { World } from '../harness/world.mjs';

const PYTHON = join(REPOSITORY, 'target/interop-venv/bin/python');
const CLIENT = join(REPOSITORY, 'interop/python/client.py');

describe('python-socketio', () => {
  const world = World.use({ nginx: true });

  const run = (args) => {
    assert.ok(existsSync(PYTHON), 'bash scripts/venv.sh makes it');
    return new Program(PYTHON, [CLIENT, ...args], { name: 'client.py' });
  };
  const lines = (program) =>
    program.log
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  for (const transport of ['websocket', 'polling', 'polling,websocket']) {
    for (const through of ['direct', 'nginx']) {
      world.test(`${transport}, ${through}: connects, receives, reads, leaves`, async () => {
        await world.request('POST', '/api/notifications/read', { as: 'luis', body: { all: true } });
        const title = `to python over ${transport} ${through}`;
        const program = run([world.origin(through), transport, world.users.luis.token, title]);
        const { socket_id: id } = await until(
          () => !program.exit && lines(program).find(({ event }) => event === 'connect'),
          15_000,
          () => `client.py to connect; it said:\n${program.log}`,
        );
        assert.equal(world.row(id)?.is_active, true);
        const published = await world.publishTo('luis', title, { data: { accents: 'áéñ' } });

        const exit = await program.ended;
        assert.equal(exit.code, 0, program.log);
        const said = Object.fromEntries(lines(program).map((line) => [line.event, line]));
        assert.equal(said.notification.item.id, published.id);
        assert.deepEqual(said.notification.item.data, { accents: 'áéñ' });
        const { ok, read, unread } = said.read.answer;
        assert.deepEqual({ ok, read, unread }, { ok: true, read: [published.id], unread: 0 });
        // Over websocket this client sends "I leave" and the websocket's close from two threads, in either order.
        const polite =
          transport === 'polling' ? /^client_disconnect$/ : /^(client_disconnect|transport_close)$/;
        const closed = () => polite.test(world.closing(id)?.disconnect_reason ?? '');
        await until(closed, 5_000, 'the row to be closed');
      });
    }
  }

  world.test('is refused in words', async () => {
    const program = run([world.origin(), 'websocket', 'not-a-token', '-']);
    const exit = await program.ended;
    assert.equal(exit.code, 1, program.log);
    const refusal = lines(program).find(({ event }) => event === 'connect_error');
    assert.equal(refusal.data.data.code, 'token_invalid');
  });
});
