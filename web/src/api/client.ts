// The HTTP API, one function per route. Every failure is an `ApiError` with a stable code, also those that
// never reached the server (`unreachable`) and those where something else answered (`not_the_api`: a proxy's
// error page, or the web application itself because the proxy does not pass `/api/` on).
import type {
  AcknowledgeResult,
  ArchiveResult,
  Health,
  LoginResponse,
  Notification,
  NotificationPage,
  Problem,
  Published,
  PublishRequest,
  ReadResult,
  ReadSelection,
  RefusedPage,
  Role,
  Scheduled,
  ScheduledPage,
  SessionPage,
  SubscriberPage,
  Subscription,
  Topic,
  TopicPage,
  User,
  UserPage,
  Way,
} from './types';

export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly problem: Problem | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Messages by the name of the field that they are about. */
  get fields(): Record<string, string> {
    const errors = this.problem?.errors ?? [];
    return Object.fromEntries(errors.map((error) => [error.field, error.message]));
  }
}

export interface ClientOptions {
  /** With `/api`, without a slash at the end. */
  baseUrl: string;
  token: () => string | null;
  /** Called for each 401 on a request that carried a token. */
  onUnauthorized: (code: string) => void;
  fetch?: typeof fetch;
}

type Query = Record<string, string | number | boolean | null | undefined>;

export type ApiClient = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const send = <T>(method: string, path: string, body?: unknown): Promise<T> =>
    request<T>(options, method, path, body);
  const get = <T>(path: string, query: Query = {}): Promise<T> => send<T>('GET', path + queryString(query));

  return {
    login: (username: string, password: string) =>
      send<LoginResponse>('POST', '/auth/login', { username, password }),
    me: () => get<User>('/auth/me'),
    users: (query: { q?: string; cursor?: string | null; limit?: number }) => get<UserPage>('/users', query),
    sessions: (query: { active?: boolean | undefined; cursor?: string | null; limit?: number }) =>
      get<SessionPage>('/sessions', query),
    refused: (query: { cursor?: string | null; limit?: number }) =>
      get<RefusedPage>('/sessions/refused', query),
    notifications: (query: { cursor?: string | null; limit?: number; status?: string }) =>
      get<NotificationPage>('/notifications', query),
    publish: (notification: PublishRequest) =>
      send<Published | Scheduled>('POST', '/notifications', notification),
    scheduled: (query: { cursor?: string | null; limit?: number }) =>
      get<ScheduledPage>('/notifications/scheduled', query),
    cancelScheduled: (id: number) => send<void>('DELETE', `/notifications/scheduled/${String(id)}`),
    recall: (id: number) => send<{ id: number }>('DELETE', `/notifications/${String(id)}`),
    unacknowledged: () => get<{ items: Notification[] }>('/notifications/unacknowledged'),
    acknowledge: (id: number) => send<AcknowledgeResult>('POST', `/notifications/${String(id)}/acknowledge`),
    markRead: (selection: ReadSelection) => send<ReadResult>('POST', '/notifications/read', selection),
    archive: (ids: number[]) => send<ArchiveResult>('POST', '/notifications/archive', { ids }),
    topics: (query: { cursor?: string | null; limit?: number }) => get<TopicPage>('/topics', query),
    setTopic: (name: string, roles: Role[] | null) => send<Topic>('PUT', topicPath(name), { roles }),
    removeTopic: (name: string) => send<void>('DELETE', topicPath(name)),
    subscribe: (name: string) => send<Subscription>('PUT', `${topicPath(name)}/subscription`),
    unsubscribe: (name: string) => send<void>('DELETE', `${topicPath(name)}/subscription`),
    subscribers: (name: string, query: { cursor?: string | null; limit?: number }) =>
      get<SubscriberPage>(`${topicPath(name)}/subscriptions`, query),
    subscribeUser: (name: string, id: number) =>
      send<Subscription>('PUT', `${topicPath(name)}/subscriptions/${String(id)}`),
    health: (lang: string) => get<Health>('/health', { lang }),
    walkWay: (lang: string) => send<Way>('POST', `/health/way${queryString({ lang })}`),
    unsubscribeUser: (name: string, id: number) =>
      send<void>('DELETE', `${topicPath(name)}/subscriptions/${String(id)}`),
  };
}

function topicPath(name: string): string {
  return `/topics/${encodeURIComponent(name)}`;
}

async function request<T>(options: ClientOptions, method: string, path: string, body: unknown): Promise<T> {
  const token = options.token();
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';

  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(options.baseUrl + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (cause) {
    throw new ApiError('unreachable', 0, String(cause));
  }
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await parse(response)) as T;

  const error = await problemOf(response);
  if (response.status === 401 && token !== null) options.onUnauthorized(error.code);
  throw error;
}

async function parse(response: Response): Promise<unknown> {
  if (!isJson(response)) throw new ApiError('not_the_api', response.status, 'The answer is not JSON.');
  try {
    return await response.json();
  } catch (cause) {
    throw new ApiError('not_the_api', response.status, String(cause));
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const problem = (await parse(response)) as Problem;
    const code = typeof problem.code === 'string' ? problem.code : `http_${response.status}`;
    return new ApiError(code, response.status, problem.detail ?? problem.title ?? code, problem);
  } catch {
    // A page instead of a problem document was written by a proxy, not by Atalaya.
    const code = [502, 503, 504].includes(response.status) ? 'backend_down' : 'not_the_api';
    return new ApiError(code, response.status, `HTTP ${response.status}`);
  }
}

function isJson(response: Response): boolean {
  return /[/+]json\b/.test(response.headers.get('content-type') ?? '');
}

function queryString(query: Query): string {
  const pairs = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
