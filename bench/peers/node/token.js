// Access tokens: HS256 with the shared secret; `sub` is the user's id.

import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

// Made once: from a string, a key is made anew for each token.
const key = createSecretKey(process.env.JWT_SECRET, 'utf8');

/** Whose token it is, or undefined if it is none of ours or has expired. */
export function userOf(token) {
  try {
    return Number(jwt.verify(token, key, { algorithms: ['HS256'] }).sub) || undefined;
  } catch {
    return undefined;
  }
}
