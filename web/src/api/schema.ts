/**
 * The shapes of the HTTP API, in the form that openapi-typescript gives them.
 * `npm run api:types` writes this file from the server's OpenAPI document; `npm run api:check` fails when it is stale.
 */

export interface components {
  schemas: {
    /** @enum {string} */
    Role: 'admin' | 'operator' | 'user';
    /** @enum {string} */
    Severity: 'info' | 'success' | 'warning' | 'critical';
    User: {
      id: number;
      username: string;
      display_name: string | null;
      role: components['schemas']['Role'];
      disabled: boolean;
      created_at: string;
    };
    LoginRequest: { username: string; password: string };
    LoginResponse: {
      access_token: string;
      token_type: string;
      /** @description Seconds. */
      expires_in: number;
      user: components['schemas']['User'];
    };
    Session: {
      id: number;
      user_id: number;
      username: string | null;
      socket_id: string;
      connected_at: string;
      is_active: boolean;
      disconnected_at: string | null;
      disconnect_reason: string | null;
      last_seen_at: string | null;
      ip_address: string | null;
      user_agent: string | null;
      transport: string | null;
      node: string | null;
      recovered_from: number | null;
    };
    RefusedConnection: {
      id: number;
      refused_at: string;
      code: string;
      detail: string | null;
      ip_address: string | null;
      user_agent: string | null;
      origin: string | null;
      namespace: string | null;
      user_id: number | null;
      username: string | null;
      node: string | null;
      transport: string | null;
    };
    NotificationFrom: { id: number; username: string };
    Notification: {
      id: number;
      title: string;
      body: string | null;
      severity: components['schemas']['Severity'];
      type: string | null;
      event: string | null;
      link: string | null;
      data: unknown;
      created_at: string;
      expires_at: string | null;
      requires_ack: boolean;
      read_at: string | null;
      from: components['schemas']['NotificationFrom'] | null;
    };
    Audience: { users: number[] } | { roles: components['schemas']['Role'][] } | { all: boolean };
    PublishRequest: {
      to: components['schemas']['Audience'];
      title: string;
      body?: string | null;
      severity?: components['schemas']['Severity'];
      type?: string | null;
      event?: string | null;
      link?: string | null;
      data?: unknown;
      expires_at?: string | null;
      requires_ack?: boolean;
    };
    Published: { id: number; created_at: string; recipients: number };
    ReadSelection: { ids: number[] } | { up_to: number } | { all: boolean };
    ReadResult: { read: number[]; unread: number };
    UserPage: { items: components['schemas']['User'][]; next_cursor: string | null };
    SessionPage: {
      items: components['schemas']['Session'][];
      next_cursor: string | null;
      /** @description Active rows within what the caller may see. */
      active: number;
    };
    RefusedPage: { items: components['schemas']['RefusedConnection'][]; next_cursor: string | null };
    NotificationPage: {
      items: components['schemas']['Notification'][];
      next_cursor: string | null;
      unread: number;
      /** @description Pass it as `cursor` in the socket's auth to get exactly what comes after this list. */
      position: string;
    };
    FieldError: { field: string; message: string };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail?: string;
      code: string;
      errors?: components['schemas']['FieldError'][];
      users?: number[];
    };
  };
}
