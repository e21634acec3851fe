import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/client';
import { type PageOf, Pager } from '../src/state/pager.svelte';

type Row = { id: number };
const rows = (...ids: number[]): Row[] => ids.map((id) => ({ id }));

function pagerOver(answers: (PageOf<Row> | Promise<PageOf<Row>> | Error)[]) {
  const asked: { cursor: string | null; limit: number }[] = [];
  const pager = new Pager<Row, PageOf<Row>>(async (query) => {
    asked.push(query);
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
    return answer;
  });
  return { pager, asked };
}

describe('a list read page by page', () => {
  it('grows downwards and knows its end', async () => {
    const { pager, asked } = pagerOver([
      { items: rows(9, 8), next_cursor: 'c' },
      { items: rows(8, 7), next_cursor: null },
    ]);
    await pager.refresh();
    await pager.more();
    await pager.more();
    expect(pager.rows).toEqual(rows(9, 8, 7));
    expect(asked).toEqual([
      { cursor: null, limit: 50 },
      { cursor: 'c', limit: 50 },
    ]);
  });

  it('knows its rows also by a name', async () => {
    const named = (...names: string[]) => names.map((id) => ({ id }));
    const answers = [
      { items: named('a', 'b'), next_cursor: 'c' },
      { items: named('b', 'c'), next_cursor: null },
    ];
    const pager = new Pager<{ id: string }, PageOf<{ id: string }>>(async () => answers.shift()!);
    await pager.refresh();
    await pager.more();
    expect(pager.rows).toEqual(named('a', 'b', 'c'));
  });

  it('keeps what it has when a refresh fails, and says why', async () => {
    const { pager } = pagerOver([{ items: rows(1), next_cursor: null }, new ApiError('unreachable', 0, 'x')]);
    await pager.refresh();
    await pager.refresh();
    expect(pager.rows).toEqual(rows(1));
    expect(pager.failure?.code).toBe('unreachable');
  });

  it('drops an answer that a later question has overtaken', async () => {
    let late: (page: PageOf<Row>) => void = () => {};
    const slow = new Promise<PageOf<Row>>((resolve) => (late = resolve));
    const { pager } = pagerOver([slow, { items: rows(2), next_cursor: null }]);
    const first = pager.refresh();
    await pager.refresh();
    late({ items: rows(1), next_cursor: null });
    await first;
    expect(pager.rows).toEqual(rows(2));
  });
});
