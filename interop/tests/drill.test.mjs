// The drill at its small size, everywhere; and that its judge sees what it is there for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Drill, inOneLine, PLACES } from '../drill/drill.mjs';
import { Recorder } from '../drill/recorder.mjs';

describe('the judge of the drill', () => {
  const judge = ({ received, inbox = [1, 2, 3], answered = inbox, titleOf = (id) => `n${id}` }) => {
    const recorder = new Recorder();
    const events = new Map();
    recorder.watch('client', 'luis', { on: (name, listener) => events.set(name, listener) });
    for (const id of received) events.get('notification')({ id });
    for (const id of answered) recorder.answered.set(id, { title: titleOf(id), readers: ['luis'] });
    const items = inbox.map((id) => ({ id, title: titleOf(id) }));
    const { lost, twice, outOfOrder } = recorder.judge(new Map([['luis', items]]));
    return { lost, twice, outOfOrder };
  };

  it('finds nothing where everything came once and in order', () => {
    assert.deepEqual(judge({ received: [1, 2, 3] }), { lost: 0, twice: 0, outOfOrder: 0 });
  });

  it('sees what was lost on the way, and what is not in the inbox', () => {
    assert.equal(judge({ received: [1, 3] }).lost, 1);
    assert.equal(judge({ received: [1, 2], inbox: [1, 2], answered: [1, 2, 3] }).lost, 1);
  });

  it('sees what came twice, and what was published twice', () => {
    assert.equal(judge({ received: [1, 2, 2, 3] }).twice, 1);
    assert.equal(judge({ received: [1, 2, 3], titleOf: (id) => `n${id % 2}` }).twice, 1);
  });

  it('sees what was published beside what was answered', () => {
    assert.equal(judge({ received: [1, 2], inbox: [1, 2], answered: [1] }).twice, 1);
  });

  it('sees what came out of order', () => {
    assert.deepEqual(judge({ received: [1, 3, 2] }), { lost: 0, twice: 0, outOfOrder: 1 });
  });
});

describe('the drill', () => {
  for (const place of PLACES) {
    it(`loses nothing, repeats nothing, keeps the order: ${place}`, async () => {
      const verdict = await new Drill(place, 'small').run();
      const line = `${inOneLine(verdict)}\n${verdict.faults.join('\n')}`;
      assert.equal(verdict.lost + verdict.twice + verdict.outOfOrder, 0, line);
      // It was a drill: something was published, killed, cut off and recovered.
      assert.equal(verdict.kills, 3);
      assert.ok(verdict.answered > 50 && verdict.deliveries > 500, line);
      assert.ok(verdict.connects > verdict.clients && verdict.recovered > 10, line);
    });
  }
});
