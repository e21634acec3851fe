// What the mock server begins with: a small operations team, a shift's worth of alerts, and a ledger.

const MINUTE = 60_000;
const CHROME_WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const FIREFOX_LINUX = 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0';
const SAFARI_IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const EDGE_WINDOWS = `${CHROME_WINDOWS} Edg/142.0.0.0`;

export function seed(now) {
  const ago = (minutes) => new Date(now - minutes * MINUTE).toISOString();
  const user = (id, username, role, display_name = null) => ({
    id,
    username,
    display_name,
    role,
    disabled: false,
    created_at: ago(60 * 24 * 90),
  });

  const users = [
    user(1, 'admin', 'admin'),
    user(2, 'marta', 'operator', 'Marta Ibáñez'),
    user(3, 'ivan', 'operator', 'Iván Soler'),
    user(4, 'lucia', 'user', 'Lucía Prats'),
    user(5, 'wall-screen', 'user', 'Control room, north wall'),
    user(6, 'omar', 'user', 'Omar Haddad'),
    user(7, 'nerea', 'user', 'Nerea Otxoa'),
  ];

  const notification = (minutes, severity, title, more = {}) => ({
    title,
    body: null,
    severity,
    type: null,
    event: null,
    link: null,
    data: null,
    created_at: ago(minutes),
    expires_at: null,
    requires_ack: false,
    from: null,
    unread: false,
    ...more,
  });
  const marta = { id: 2, username: 'marta' };
  const ivan = { id: 3, username: 'ivan' };
  const notifications = [
    notification(4, 'critical', 'Feeder 12 tripped at Alcalá substation', {
      body: 'Overcurrent on phases B and C at 21:38:07. Breaker 12-A open, no automatic reclose.\nField crew has been told to stand by at the gate.',
      type: 'grid.trip',
      link: '/sessions',
      data: { substation: 'ALC-02', feeder: 12, current_a: { a: 212, b: 1840, c: 1796 }, breaker: '12-A' },
      unread: true,
    }),
    notification(11, 'warning', 'Database replica is 48 s behind', {
      body: 'db-2 falls behind since 21:25. The primary is healthy.',
      type: 'db.lag',
      data: { replica: 'db-2', lag_s: 48 },
      unread: true,
    }),
    notification(26, 'info', 'Shift handover at 22:00', {
      body: 'Iván takes the north desk. Please leave the open points in the log.',
      from: marta,
      unread: true,
    }),
    notification(58, 'success', 'Backup of the historian finished', {
      body: '412 GB in 38 min, verified.',
      type: 'backup.done',
    }),
    notification(95, 'warning', 'Certificate of apps.example.com expires in 9 days', {
      type: 'tls.expiry',
      link: 'https://apps.example.com/',
    }),
    notification(171, 'success', 'Line 4 is back in service', { from: ivan, type: 'grid.restored' }),
    notification(190, 'critical', 'Line 4 out of service', {
      body: 'Lightning strike recorded near tower 118.',
      type: 'grid.trip',
    }),
    notification(60 * 9, 'info', 'Maintenance window tonight, 02:00 to 03:30', { from: marta }),
    notification(60 * 23, 'warning', 'Disk of node-3 at 88 %', { type: 'disk.high' }),
    notification(60 * 25, 'info', 'Two new accounts were added', { from: { id: 1, username: 'admin' } }),
    notification(60 * 26, 'success', 'Storm warning lifted', { type: 'weather.clear' }),
  ];
  for (let day = 2; day < 9; day += 1) {
    for (let n = 0; n < 9; n += 1) {
      const severity = ['info', 'success', 'warning', 'info'][(day + n) % 4];
      notifications.push(
        notification(60 * 24 * day + n * 70, severity, `Routine report ${String(day)}.${String(n + 1)}`, {
          type: 'report.routine',
        }),
      );
    }
  }

  const session = (id, who, minutes, more = {}) => ({
    id,
    user_id: who,
    socket_id: `${String(id)}xQ7v${'kZp9LmWt3RsYb2Na'.slice(id % 5)}`,
    connected_at: ago(minutes),
    is_active: true,
    disconnected_at: null,
    disconnect_reason: null,
    last_seen_at: ago(0.2),
    ip_address: '10.20.4.17',
    user_agent: CHROME_WINDOWS,
    transport: 'websocket',
    node: 'node-1',
    recovered_from: null,
    ...more,
  });
  const closed = (minutes, reason) => ({
    is_active: false,
    disconnected_at: ago(minutes),
    disconnect_reason: reason,
    last_seen_at: ago(minutes),
  });
  const sessions = [
    session(1183, 5, 60 * 31, { ip_address: '10.20.4.250', user_agent: FIREFOX_LINUX }),
    session(1201, 3, 60 * 9, { ip_address: '10.20.4.31', ...closed(60 * 2, 'server_shutdown') }),
    session(1204, 4, 60 * 5, {
      user_agent: SAFARI_IPHONE,
      ip_address: '83.45.112.9',
      ...closed(241, 'ping_timeout'),
    }),
    session(1212, 2, 112, { ip_address: '10.20.4.22', user_agent: EDGE_WINDOWS }),
    session(1213, 3, 108, { ip_address: '10.20.4.31', recovered_from: 1201 }),
    session(1219, 6, 47, {
      user_agent: SAFARI_IPHONE,
      ip_address: '2a02:9130:83a7:4d11:8c3e::1f',
      node: 'node-2',
    }),
    session(1224, 7, 33, {
      user_agent: 'python-requests/2.32',
      ...closed(32, 'slow_consumer'),
      node: 'node-2',
    }),
    session(1227, 4, 12, {
      user_agent: SAFARI_IPHONE,
      ip_address: '83.45.112.9',
      transport: 'polling',
      node: 'node-2',
    }),
    session(1230, 6, 8, { user_agent: null, ip_address: '10.20.7.3', ...closed(7.6, 'client_disconnect') }),
  ];

  const refusal = (id, minutes, code, more = {}) => ({
    id,
    refused_at: ago(minutes),
    code,
    detail: null,
    ip_address: '10.20.7.3',
    user_agent: CHROME_WINDOWS,
    origin: 'https://apps.example.com',
    namespace: '/notifications',
    user_id: null,
    node: 'node-1',
    transport: 'websocket',
    ...more,
  });
  const refused = [
    refusal(61, 2, 'token_expired', { user_id: 7, ip_address: '83.45.112.40', user_agent: SAFARI_IPHONE }),
    refusal(60, 9, 'origin_denied', { origin: 'http://10.20.4.2:3001', ip_address: '10.20.4.2' }),
    refusal(59, 14, 'invalid_namespace', { namespace: '/notification', user_agent: 'node-XMLHttpRequest' }),
    refusal(58, 41, 'token_missing', { user_agent: 'curl/8.14.1', origin: null, transport: 'polling' }),
    refusal(57, 66, 'too_many_sessions', {
      user_id: 5,
      ip_address: '10.20.4.250',
      user_agent: FIREFOX_LINUX,
    }),
    refusal(56, 122, 'ledger_unavailable', {
      user_id: 2,
      ip_address: '10.20.4.22',
      user_agent: EDGE_WINDOWS,
    }),
    refusal(55, 124, 'token_invalid', {
      detail: 'the token is not valid: the signature does not match',
      ip_address: '198.51.100.77',
      user_agent: 'python-requests/2.32',
      origin: null,
    }),
  ];
  // Who is subscribed, by the ids of the users.
  const topic = (name, subscribers, more = {}) => ({
    name,
    subscribers,
    listed: true,
    roles: ['admin', 'operator', 'user'],
    ...more,
  });
  const topics = [
    topic('grid.north', [1, 2, 4, 5, 6]),
    topic('grid.south', [3, 7]),
    topic('night.shift', [1, 2, 3, 4], { roles: ['admin', 'operator'] }),
    topic('weather.storms', [5]),
    topic('backups', []),
    topic('substations.alcala.transformer-2.protection-relays.firmware', [2]),
    topic('tls.expiry', [3, 6], { listed: false }),
    topic('keys.rotation', [], { roles: ['admin'] }),
  ];
  return { users, notifications, sessions, refused, topics };
}
