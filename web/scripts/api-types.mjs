// Writes src/api/schema.ts from the server's OpenAPI document, or (--check) fails when it is not up to date.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const DOCUMENT = new URL('../../crates/server/openapi.json', import.meta.url);
const SCHEMA = new URL('../src/api/schema.ts', import.meta.url);
const HEADER = `/**
 * The shapes of the HTTP API: generated from the server's OpenAPI document by \`npm run api:types\`.
 * \`npm run api:check\` fails when it is stale. Do not edit.
 */

`;

const wanted = HEADER + astToString(await openapiTS(DOCUMENT));
if (!process.argv.includes('--check')) {
  await writeFile(SCHEMA, wanted);
} else if ((await readFile(SCHEMA, 'utf8')) !== wanted) {
  console.error('src/api/schema.ts is not what crates/server/openapi.json says: run `npm run api:types`.');
  process.exit(1);
}
