// What the server asks of PostgreSQL. Each statement has a name, so it is prepared once per connection.

import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

// An idle connection that the server loses is replaced by the pool; without a listener it would end the process.
pool.on('error', (error) => console.error('a database connection was lost:', error.message));

const FIND_USER = {
  name: 'find-user',
  text: 'SELECT disabled FROM users WHERE id = $1',
};

const OPEN = {
  name: 'open-session',
  text: `INSERT INTO user_sessions (user_id, socket_id, ip_address, user_agent) VALUES ($1, $2, $3, $4)
         RETURNING id`,
};

const CLOSE = {
  name: 'close-session',
  text: `UPDATE user_sessions SET is_active = FALSE, disconnected_at = now() AT TIME ZONE 'UTC'
         WHERE id = $1 AND is_active = TRUE`,
};

const STORE = {
  name: 'store-notification',
  text: `INSERT INTO notifications (title, body, severity, publisher_id) VALUES ($1, $2, $3, $4)
         RETURNING id, created_at AT TIME ZONE 'UTC' AS created_at`,
};

export async function findUser(id) {
  const { rows } = await pool.query({ ...FIND_USER, values: [id] });
  return rows[0];
}

/** The id of the row, which is committed. */
export async function openSession({ userId, socketId, ipAddress, userAgent }) {
  const { rows } = await pool.query({ ...OPEN, values: [userId, socketId, ipAddress, userAgent] });
  return rows[0].id;
}

export async function closeSession(id) {
  await pool.query({ ...CLOSE, values: [id] });
}

export async function storeNotification({ title, body, severity, publisherId }) {
  const { rows } = await pool.query({ ...STORE, values: [title, body, severity, publisherId] });
  return rows[0];
}
