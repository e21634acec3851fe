// Who is signed in, and the API client that speaks for them.
//
// The access token is in localStorage, not in sessionStorage: several tabs share one sign-in, and a reload or a
// browser restart on a wall screen does not end it. The price is that a script injected into this origin could
// read it; against that stand the content security policy, no third-party code, and the token's short life.
import { ApiError, createClient } from '../api/client';
import type { Role, User } from '../api/types';
import { load, save, STORAGE_PREFIX } from './storage';

type Status = 'unknown' | 'signedOut' | 'signedIn';

let token: string | null = load('token');
let status = $state<Status>(token === null ? 'signedOut' : 'unknown');
let user = $state.raw<User | null>(null);
/** Why one has to sign in again: a code of `problem.*`. */
let notice = $state<string | null>(null);
/** Why it is not known yet who is signed in. */
let failure = $state.raw<ApiError | null>(null);

export const auth = {
  get status(): Status {
    return status;
  },
  get user(): User | null {
    return user;
  },
  get notice(): string | null {
    return notice;
  },
  get failure(): ApiError | null {
    return failure;
  },
  get token(): string | null {
    return token;
  },
  get maySend(): boolean {
    return user?.role === 'admin' || user?.role === 'operator';
  },
  get isAdmin(): boolean {
    return user?.role === 'admin';
  },
};

export const api = createClient({
  baseUrl: (import.meta.env.VITE_API_URL ?? '/api').replace(/\/+$/, ''),
  token: () => token,
  onUnauthorized: (code) => signOut(code),
});

export async function signIn(username: string, password: string): Promise<void> {
  const answer = await api.login(username, password);
  setToken(answer.access_token);
  notice = null;
  signedIn(answer.user);
}

/** With a reason: the page stays where it is, and the sign-in says why it is needed. */
export function signOut(reason: string | null = null): void {
  if (status === 'signedOut') return;
  setToken(null);
  user = null;
  notice = reason;
  status = 'signedOut';
}

/** Finds out who the stored token belongs to. */
export async function resume(): Promise<void> {
  if (token === null) return;
  failure = null;
  try {
    signedIn(await api.me());
  } catch (error) {
    // A 401 has already signed us out; anything else says nothing about the token.
    if (token !== null && error instanceof ApiError) failure = error;
  }
}

/** An administrator may change it at any time: what the page offers goes by what it is now. */
export function roleBecomes(role: Role): void {
  if (user !== null && user.role !== role) user = { ...user, role };
}

/** Other tabs of this browser sign in and out with us. */
export function followOtherTabs(): void {
  addEventListener('storage', (event) => {
    if (event.key !== `${STORAGE_PREFIX}token` || event.newValue === token) return;
    token = event.newValue;
    if (token === null) {
      user = null;
      status = 'signedOut';
    } else {
      status = 'unknown';
      void resume();
    }
  });
}

function signedIn(who: User): void {
  user = who;
  failure = null;
  status = 'signedIn';
}

function setToken(value: string | null): void {
  token = value;
  save('token', value);
}
