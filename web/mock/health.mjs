// What the mock says of its health: a way that is walked without a fault, one that breaks where the proxy hands a
// websocket on, and one without a public address.
const SPANISH = {
  'session opened; heartbeat every 25 s, 20 s to answer':
    'sesión abierta; latido cada 25 s, 20 s para responder',
  'messages of 3 sessions are taken': 'se aceptan mensajes de 3 sesiones',
  'the namespace lets socket pX3vQ1ZkLw0AAB in': 'el namespace deja entrar al socket pX3vQ1ZkLw0AAB',
  '900 kB at once are taken': 'se aceptan 900 kB de una vez',
  'a websocket opens': 'se abre un websocket',
  'from polling to a websocket': 'de polling a un websocket',
  'socket pX3vQ1ZkLw0AAB is a row, and active': 'el socket pX3vQ1ZkLw0AAB es una fila, y activa',
  'it is closed when the socket is': 'se cierra cuando se cierra el socket',
  'Engine.IO refuses: Bad request (code 3)': 'Engine.IO se niega: Bad request (código 3)',
  'The step `websocket` fails on the way, not at the back end: Engine.IO refuses: Bad request (code 3).':
    'El paso `websocket` falla por el camino, no en el back end: Engine.IO se niega: Bad request (código 3).',
  'The headers Upgrade and Connection do not reach the back end.':
    'Las cabeceras Upgrade y Connection no llegan al back end.',
  'Look there; if the files are right, nginx has not loaded them: nginx -s reload.':
    'Mire ahí; si los archivos están bien, nginx no los ha cargado: nginx -s reload.',
};

const SESSION = 'session opened; heartbeat every 25 s, 20 s to answer';
const JOINED = 'the namespace lets socket pX3vQ1ZkLw0AAB in';
const BAD_REQUEST = 'Engine.IO refuses: Bad request (code 3)';
const SOCKET = [
  ['polling', SESSION],
  ['post', 'messages of 3 sessions are taken'],
  ['poll', JOINED],
  ['large-message', '900 kB at once are taken'],
  ['websocket', 'a websocket opens'],
  ['namespace', JOINED],
  ['upgrade', 'from polling to a websocket'],
];
const ROW = [
  ['row', 'socket pX3vQ1ZkLw0AAB is a row, and active'],
  ['row-closed', 'it is closed when the socket is'],
];
const PUBLIC_URL = 'https://apps.example.com';

export function healthOf(world, lang) {
  const active = world.sessions.filter((row) => row.is_active);
  return {
    version: '0.1.0',
    node: 'vm:3001/0da7e27a',
    database: 'postgres',
    started_at: new Date(world.startedAt).toISOString(),
    sockets: active.length,
    users: new Set(active.map((row) => row.user_id)).size,
    checks: ['database', 'lease', 'ledger'].map((name) => checkOf(name, world.health, lang)),
    public_url: world.health === 'unset' ? null : PUBLIC_URL,
    way: walk(world, lang, 130_000),
  };
}

function checkOf(name, health, lang) {
  if (health !== 'sick' || name !== 'ledger') return { name, ok: true, detail: null };
  const detail = '3 rows wait to be closed since 21:48';
  return { name, ok: false, detail: lang === 'es' ? '3 filas esperan su cierre desde las 21:48' : detail };
}

export function walk({ health }, lang, agoMs) {
  const say = (text) => (lang === 'es' ? (SPANISH[text] ?? text) : text);
  const probe = (way, slower) => (taken) => {
    const [step, detail, ok = true] = taken;
    const duration_ms = 2 + slower + (step.length % 4);
    const target = way === 'direct' ? 'http://127.0.0.1:3001' : PUBLIC_URL;
    return { step: `${way} ${step}`, target, ok, duration_ms, detail: say(detail) };
  };
  const isFaulty = health === 'faulty';
  const upTo = [...SOCKET.slice(0, 4), ['websocket', BAD_REQUEST, false]];
  const proxied = isFaulty ? upTo : [...SOCKET, ...ROW];
  const probes =
    health === 'unset'
      ? [...SOCKET, ...ROW].map(probe('direct', 0))
      : [...SOCKET.map(probe('direct', 0)), ...proxied.map(probe('proxied', 9))];
  const finding = {
    rule: 'way-broken',
    severity: 'error',
    message: say(
      'The step `websocket` fails on the way, not at the back end: Engine.IO refuses: Bad request (code 3).',
    ),
    effect: say('The headers Upgrade and Connection do not reach the back end.'),
    mend: say('Look there; if the files are right, nginx has not loaded them: nginx -s reload.'),
    help: 'docs/checks.md#way-broken',
  };
  return {
    at: new Date(Date.now() - agoMs).toISOString(),
    verdict: isFaulty ? 'faulty' : 'healthy',
    duration_ms: 640,
    findings: isFaulty ? [finding] : [],
    probes,
  };
}
