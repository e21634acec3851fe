// Who may not connect is told why, in words and with a stable code, and is written down.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import jwt from 'jsonwebtoken';
import { JWT_SECRET } from '../harness/atalaya.mjs';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

describe('refused connections', () => {
  const world = World.use({ nginx: true });

  const sign = (claims, secret = JWT_SECRET, options = { expiresIn: '1h' }) =>
    jwt.sign(claims, secret, options);
  const luis = () => world.users.luis.id;

  const refusals = {
    'no token': [() => ({}), 'token_missing'],
    'an empty token': [() => ({ token: '' }), 'token_missing'],
    'a token that is no JWT': [() => ({ token: 'not.a-token' }), 'token_invalid'],
    'a token that is not even a text': [() => ({ token: { a: [1] } }), 'token_invalid'],
    'an expired token': [
      () => ({ token: sign({ sub: luis() }, JWT_SECRET, { expiresIn: '-1h' }) }),
      'token_expired',
    ],
    'alg none': [
      () => ({ token: jwt.sign({ sub: luis() }, null, { algorithm: 'none', expiresIn: '1h' }) }),
      'token_invalid',
    ],
    'a wrong signature': [
      () => ({ token: sign({ sub: luis() }, 'another-secret-of-more-than-32-bytes!') }),
      'token_invalid',
    ],
    'another algorithm': [
      () => ({ token: sign({ sub: luis() }, JWT_SECRET, { algorithm: 'HS512', expiresIn: '1h' }) }),
      'token_invalid',
    ],
    'no user in it': [() => ({ token: sign({ name: 'luis' }) }), 'token_invalid'],
    'a user that does not exist': [() => ({ token: sign({ sub: 987654321 }) }), 'token_invalid'],
  };

  for (const [what, [auth, code]] of Object.entries(refusals)) {
    for (const transports of [['websocket'], ['polling']]) {
      world.test(`${what}, over ${transports}: ${code}`, async () => {
        const before = world.sessionRows().length;
        const error = await world.openSocket(null, { auth: auth(), transports, through: 'nginx' }).refused();
        assert.equal(error.data?.code, code);
        assert.ok(error.message.length > 5, `a message in words, not '${error.message}'`);
        assert.equal(world.sessionRows().length, before, 'a refused connection has no row');
      });
    }
  }

  world.test('a disabled user: token_revoked', async () => {
    world.addUser('nora', 'user');
    world.atalaya.run(['user', 'disable', 'nora']);
    const error = await world.openSocket('nora').refused();
    assert.equal(error.data?.code, 'token_revoked');
  });

  world.test('a namespace that does not exist: Invalid namespace', async () => {
    const error = await world.openSocket('luis', { namespace: '/nowhere' }).refused();
    assert.equal(error.message, 'Invalid namespace');
  });

  world.test('the administrator sees each refusal with its code and no secret', async () => {
    const token = sign({ sub: luis() }, 'another-secret-of-more-than-32-bytes!');
    const logged = world.atalaya.log.length;
    await world.openSocket(null, { auth: { token } }).refused();
    const refused = await until(
      async () => {
        const { items } = await world.get('/api/sessions/refused?limit=200', 'ana');
        return items.length ? items : null;
      },
      5_000,
      'the refusals to be written',
    );
    const last = refused[0];
    assert.equal(last.code, 'token_invalid');
    assert.equal(last.namespace, '/notifications');
    assert.ok(last.refused_at && last.ip_address);
    assert.ok(!JSON.stringify(refused).includes(token.split('.')[2]), 'the signature must not be kept');
    // The log is written a moment after the event.
    const isLogged = () => world.atalaya.log.slice(logged).includes('token_invalid');
    await until(isLogged, 5_000, 'the refusal to be logged');
    assert.ok(!world.atalaya.log.includes(token.split('.')[2]), 'nor logged');
  });

  world.test('only the administrator sees refusals', async () => {
    const answer = await world.request('GET', '/api/sessions/refused', { as: 'luis' });
    assert.equal(answer.status, 403);
  });

  const good = {
    'signed by hand, the id a number': () => sign({ sub: luis() }),
    'signed by hand, the id a text': () => sign({ sub: String(luis()) }),
    'of `atalaya token`': () => world.atalaya.token('luis'),
  };
  for (const [what, token] of Object.entries(good)) {
    world.test(`a token ${what} is accepted`, async () => {
      const record = await world.connect('luis', { auth: { token: token() } });
      assert.equal(world.row(record.socket.id)?.user_id, String(luis()));
    });
  }

  world.test('a token of the login is accepted, for HTTP and for the socket', async () => {
    const { password } = world.users.marta;
    const login = await world.request('POST', '/api/auth/login', {
      body: { username: 'marta', password },
      through: 'nginx',
    });
    assert.equal(login.status, 200);
    const { access_token: token, user } = login.body;
    assert.equal(user.username, 'marta');
    const me = await world.request('GET', '/api/auth/me', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(me.body.id, world.users.marta.id);
    await world.connect('marta', { auth: { token }, through: 'nginx' });
  });

  world.test('a wrong password is refused without saying which part was wrong', async () => {
    const wrong = await world.request('POST', '/api/auth/login', {
      body: { username: 'luis', password: 'wrong' },
    });
    const nobody = await world.request('POST', '/api/auth/login', {
      body: { username: 'nobody', password: 'wrong' },
    });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.code, 'invalid_credentials');
    assert.deepEqual(nobody.body, wrong.body);
  });

  for (const transport of ['websocket', 'polling']) {
    world.test(`an open socket does not outlive its token, and stays away: ${transport}`, async () => {
      const token = sign({ sub: luis() }, JWT_SECRET, { expiresIn: '2s' });
      const record = await world.connect('luis', { auth: { token }, transports: [transport] });
      const { id } = record.socket;
      const [reason] = await record.event('disconnect', undefined, 4_000);
      assert.equal(reason, 'io server disconnect');
      assert.equal(record.socket.active, false, 'it does not try again by itself');
      const row = await until(
        () => world.closing(id)?.disconnect_reason && world.closing(id),
        5_000,
        'the row to be closed',
      );
      assert.equal(row.disconnect_reason, 'token_expired');
    });
  }
});
