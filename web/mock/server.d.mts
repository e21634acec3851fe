export interface Mock {
  port: number;
  world: { io: { engine: { clientsCount: number } } };
  control(what: {
    refuse?: string | null;
    api?: 'down' | 'html' | null;
    drop?: boolean;
    close?: boolean;
    expire?: boolean;
    publish?: object;
    prunedUpTo?: number;
    role?: [username: string, role: 'admin' | 'operator' | 'user'];
    disable?: string;
    forgetTopics?: boolean;
    way?: { status: number; type?: string; body?: string; location?: string } | 'no-websocket' | null;
    health?: 'healthy' | 'faulty' | 'unset' | 'missing' | 'busy' | 'sick';
  }): unknown;
  close(): Promise<void>;
}

export function startMock(options?: {
  port?: number;
  host?: string;
  dist?: string | null;
  pingInterval?: number;
}): Promise<Mock>;
