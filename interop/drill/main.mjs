// `make drill`: the drill at full size (DRILL=small for the tests' size), on SQLite, on PostgreSQL and on two servers
// that share one PostgreSQL. Exits 1 if anything was lost, came twice or out of order.

import { parseArgs } from 'node:util';
import { Drill, inOneLine, PLACES, SIZES } from './drill.mjs';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'full' },
    place: { type: 'string', multiple: true, default: PLACES },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const wrong = [
  !(values.size in SIZES) && `--size ${values.size}: there are ${Object.keys(SIZES).join(' and ')}`,
  ...values.place.map((it) => !PLACES.includes(it) && `--place ${it}: there are ${PLACES.join(', ')}`),
  !/^\d+$/.test(values.seed) && `--seed ${values.seed}: a whole number is allowed`,
].filter(Boolean);
if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(2);
}

let isWell = true;
for (const place of values.place) {
  console.error(`\n${place}, ${values.size}, seed ${values.seed}`);
  const progress = (line) => console.error(`  ${line}`);
  const verdict = await new Drill(place, values.size, { seed: Number(values.seed), progress }).run();
  for (const fault of verdict.faults) console.error(`  ${fault}`);
  console.log(`${place}: ${inOneLine(verdict)}`);
  isWell &&= verdict.lost + verdict.twice + verdict.outOfOrder === 0;
}
process.exit(isWell ? 0 : 1);
