// `npm run dev:mock`: the mock server and Vite's development server in front of it, ended together.
import { createServer } from 'vite';
import { startMock } from './server.mjs';

const mock = await startMock();
process.env.ATALAYA_BACKEND = `http://127.0.0.1:${String(mock.port)}`;
const vite = await createServer();
await vite.listen();
vite.printUrls();
console.log('  Sign in as admin, marta or lucia; the password is "atalaya".');
process.once('SIGINT', async () => {
  await Promise.all([vite.close(), mock.close()]);
  process.exit(0);
});
