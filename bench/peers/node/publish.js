// POST /api/notifications: to everyone, stored first; or to some users, sent and not stored.

import { storeNotification } from './database.js';
import { userOf } from './token.js';

const MAX_BODY_BYTES = 64 * 1024;

/** Answers one request; `sockets` is the namespace that the notifications go to. */
export async function publish(sockets, request, response) {
  const publisherId = userOf(request.headers.authorization?.replace(/^Bearer /, ''));
  if (!publisherId) return answer(response, 401, { error: 'token_invalid' });
  const { to, title, body = null, severity = 'info' } = JSON.parse(await readBody(request));
  if (typeof title !== 'string' || !(to?.all === true || Array.isArray(to?.users))) {
    return answer(response, 422, { error: 'invalid_field' });
  }
  const item = { title, body, severity, publisherId };
  return answer(response, 201, to.all ? await toAll(sockets, item) : toUsers(sockets, to.users, item));
}

async function toAll(sockets, item) {
  const stored = await storeNotification(item);
  return send(sockets, Number(stored.id), stored.created_at, item);
}

let unstored = 0;

function toUsers(sockets, users, item) {
  const rooms = users.map((id) => `user:${id}`);
  return send(sockets.to(rooms), ++unstored, new Date(), item);
}

function send(audience, id, created_at, { title, body, severity, publisherId }) {
  audience.emit('notification', { id, title, body, severity, created_at, from: { id: publisherId } });
  return { id, created_at };
}

async function readBody(request) {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('the body is too long');
  }
  return text;
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
