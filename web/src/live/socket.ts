// The one socket of this tab. It turns what the library says into `LiveEvent`s, and decides when to try again.
//
// The library's own reconnection is off: it stays silent after a refusal by the server (`active` is false after
// a `connect_error` of the namespace, so `ledger_unavailable` would end in a dead page), and it does not tell
// when the next attempt is. Here there is one timer for every cause, and the page can count down to it.
import { Manager, type Socket } from 'socket.io-client';
import { type ClientToServer, isNotification, type ServerToClient } from './events';
import { type ConnectionProblem, fromError, fromReason, isRefusal, retryDelay } from './problem';
import type { LiveEvent } from './reduce';

export interface LiveSocketOptions {
  url: string;
  path: string;
  namespace: string;
  token: () => string | null;
  /** After which position everything is wanted; asked anew for each handshake. */
  position: () => string | null;
  dispatch: (event: LiveEvent) => void;
  now: () => number;
  chance: () => number;
}

const CONNECT_TIMEOUT_MS = 10_000;

export class LiveSocket {
  readonly #options: LiveSocketOptions;
  readonly #socket: Socket<ServerToClient, ClientToServer>;
  readonly #manager: Manager;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #attempt = 0;
  #wanted = false;
  #watching = false;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.#manager = new Manager(options.url, {
      path: options.path,
      // WebSocket first: one request instead of four. Where a proxy does not pass it on, polling still works.
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnection: false,
      autoConnect: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    this.#socket = this.#manager.socket(options.namespace, {
      auth: (send) => send(this.#credentials()),
    });
    this.#listen();
  }

  start(): void {
    this.#wanted = true;
    this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    this.#cancelTimer();
    this.#socket.disconnect();
    this.#options.dispatch({ type: 'stopped' });
  }

  /** The countdown is over by hand, or because the device came back. */
  retryNow(): void {
    if (!this.#wanted || this.#timer === null) return;
    this.#cancelTimer();
    this.#connect();
  }

  /** Asks for the ledger's hints; kept across reconnections until taken back. */
  watchSessions(sessions: boolean): void {
    this.#watching = sessions;
    if (this.#socket.connected) this.#tellWatching();
  }

  #credentials(): Record<string, unknown> {
    const cursor = this.#options.position();
    const token = this.#options.token();
    return { ...(token === null ? {} : { token }), ...(cursor === null ? {} : { cursor }) };
  }

  #connect(): void {
    this.#options.dispatch({ type: 'connecting', attempt: this.#attempt });
    this.#socket.connect();
  }

  #listen(): void {
    const { dispatch } = this.#options;
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('connect_error', (error) => this.#lost(fromError(error)));
    this.#socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') this.#lost(fromReason(reason));
    });
    this.#socket.on('session', (session) => dispatch({ type: 'session', session }));
    this.#socket.on('sessions', ({ active }) => dispatch({ type: 'ledger', active }));
    this.#socket.on('inbox', (change) => {
      const at = new Date(this.#options.now()).toISOString();
      dispatch({ type: 'inbox', change, at });
    });
    this.#socket.on('sync', ({ complete }) => dispatch({ type: 'synced', complete }));
    this.#socket.on('removed', ({ ids }) => dispatch({ type: 'removed', ids }));
    this.#socket.on('acknowledged', ({ id, ...by }) => dispatch({ type: 'acknowledged', id, by }));
    this.#socket.on('membership', (membership) => dispatch({ type: 'membership', membership }));
    this.#socket.onAny((event: string, item: unknown, offset: unknown) => {
      if (!isNotification(event, item)) return;
      dispatch({ type: 'notification', item, offset: typeof offset === 'string' ? offset : null });
    });
  }

  #connected(): void {
    this.#attempt = 0;
    const engine = this.#manager.engine;
    this.#options.dispatch({ type: 'connected', transport: engine.transport.name });
    engine.once('upgrade', (transport) => {
      this.#options.dispatch({ type: 'transport', transport: transport.name });
    });
    if (this.#watching) this.#tellWatching();
  }

  #tellWatching(): void {
    this.#socket.emit('watch', { sessions: this.#watching }, () => {});
  }

  #lost(problem: ConnectionProblem): void {
    if (!this.#wanted) return;
    this.#cancelTimer();
    const delay = retryDelay(problem.kind, this.#attempt, this.#options.chance());
    const now = this.#options.now();
    this.#attempt += 1;
    this.#options.dispatch({
      type: 'lost',
      problem,
      refused: isRefusal(problem.kind),
      retryAt: delay === null ? null : now + delay,
      at: now,
    });
    if (delay !== null) this.#timer = setTimeout(() => this.retryNow(), delay);
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
