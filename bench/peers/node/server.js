// The job of the benchmark, done with Socket.IO on Node: who connects is a committed row before the client
// hears "connected", and whoever leaves has the row closed. Settings are those of Socket.IO's own advice for
// production (socket.io/docs/v4/performance-tuning): bufferutil, and the first HTTP request let go.

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { closeSession, findUser, openSession } from './database.js';
import { publish } from './publish.js';
import { userOf } from './token.js';

const server = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/api/notifications') return response.writeHead(404).end();
  publish(sockets, request, response).catch((error) => {
    console.error('a notification was not published:', error.message);
    response.writeHead(500).end();
  });
});

const io = new Server(server, { serveClient: false });
const sockets = io.of('/notifications');

sockets.use((socket, next) => {
  admit(socket).then(next, (error) => {
    console.error('a connection was not recorded:', error.message);
    next(new Error('ledger_unavailable'));
  });
});

sockets.on('connection', (socket) => {
  socket.conn.request = null;
  socket.join(`user:${socket.data.userId}`);
  socket.on('disconnect', () => close(socket));
});

/** What it resolves with is why the client is refused. */
async function admit(socket) {
  const userId = userOf(socket.handshake.auth.token);
  const user = userId && (await findUser(userId));
  if (!user || user.disabled) return new Error('token_invalid');
  const { address: ipAddress, headers } = socket.handshake;
  const userAgent = headers['user-agent'];
  socket.data.userId = userId;
  socket.data.sessionId = await openSession({ userId, socketId: socket.id, ipAddress, userAgent });
  // Socket.IO drops a socket whose client left meanwhile without a "disconnect".
  if (socket.conn.readyState !== 'open') close(socket);
}

function close(socket) {
  closeSession(socket.data.sessionId).catch((error) => console.error('a row was not closed:', error.message));
}

// The default backlog of 511 is short for a storm.
server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 });
