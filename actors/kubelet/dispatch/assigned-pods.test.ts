import { expect, it } from 'vitest';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { Cell, Json, World } from '../../kernel/contract.ts';
import { AssignedPods } from './assigned-pods.ts';

/** Cells alone: all that a feed needs of its world. */
function feed(): AssignedPods {
  const cells = new Map<string, Json>();
  const world: Pick<World<unknown>, 'cell' | 'cellNames'> = {
    cell: <T extends Json>(name: string, initial: T): Cell<T> => ({
      get: () => (cells.get(name) ?? initial) as T,
      set: (value) => void cells.set(name, value),
      drop: () => void cells.delete(name),
    }),
    cellNames: (prefix) => [...cells.keys()].filter((name) => name.startsWith(prefix)).sort(),
  };
  return new AssignedPods(world as World<unknown>);
}
const pod = (uid: string, resourceVersion = '1'): DispatchedPod => ({
  pod: { metadata: { uid, name: uid, namespace: 'default', resourceVersion } },
});
const gone = (uid: string) => ({ uid, namespace: 'default', name: uid });

it.each([
  { why: 'of the same dispatcher, sent before the news', answer: { epoch: 2, counter: 1 } },
  { why: 'of a dispatcher that was followed by another', answer: { epoch: 1, counter: 9 } },
])('an overtaken answer brings no removed pod back: $why', ({ answer }) => {
  const told = feed();
  told.applyList({ epoch: 2, counter: 1, digest: '', pods: [pod('a'), pod('b')] });
  told.applyUpdate({ epoch: 2, counter: 2, changed: [], removed: [gone('a')] });
  expect(told.applyList({ ...answer, digest: '', pods: [pod('a'), pod('b')] })).toEqual({ woken: [], ask: true });
  expect(told.uids).toEqual(['b']);
});

it('news that comes late or twice changes nothing, a gap asks for the whole list', () => {
  const told = feed();
  told.applyList({ epoch: 2, counter: 1, digest: '', pods: [] });
  expect(told.applyUpdate({ epoch: 2, counter: 2, changed: [pod('a')], removed: [] })).toEqual({
    woken: ['a'],
    ask: false,
  });
  expect(told.applyUpdate({ epoch: 2, counter: 3, changed: [], removed: [gone('a')] })).toEqual({
    woken: ['a'],
    ask: false,
  });
  expect(told.applyUpdate({ epoch: 2, counter: 2, changed: [pod('a')], removed: [] })).toEqual({
    woken: [],
    ask: false,
  });
  expect(told.applyUpdate({ epoch: 1, counter: 7, changed: [pod('a')], removed: [] })).toEqual({
    woken: [],
    ask: false,
  });
  expect(told.applyUpdate({ epoch: 2, counter: 5, changed: [pod('b')], removed: [] })).toEqual({
    woken: ['b'],
    ask: true,
  });
});

it('a list in parts is whole when every part has come', () => {
  const answer = { epoch: 2, counter: 1, digest: '', pods: [pod('b')], listed: ['a', 'b'] };
  const lost = feed();
  expect([lost.applyList(answer), lost.whole]).toEqual([{ woken: ['b'], ask: true }, false]);
  const told = feed();
  told.applyUpdate({ epoch: 2, counter: 1, changed: [pod('a')], removed: [] });
  expect([told.applyList(answer), told.whole]).toEqual([{ woken: ['a', 'b'], ask: false }, true]);
});

it('of a backup that is put back twice the second dispatcher is believed too, though its epoch is that of the first', () => {
  const told = feed();
  told.applyList({ epoch: 50, begunAt: 1_000, counter: 3, digest: '', pods: [pod('a', '30'), pod('b', '31')] });
  const again = { epoch: 50, begunAt: 2_000 };
  const news = { changed: [pod('a', '30')], removed: [] };
  expect(told.applyUpdate({ ...again, counter: 1, ...news })).toEqual({ woken: [], ask: true });
  expect(told.applyUpdate({ ...again, counter: 4, ...news })).toEqual({ woken: [], ask: true });
  expect(told.applyList({ ...again, counter: 1, digest: '', pods: [pod('a', '30')] })).toEqual({
    woken: ['a', 'b'],
    ask: false,
  });
  expect(told.applyUpdate({ ...again, counter: 2, ...news })).toEqual({ woken: ['a'], ask: false });
});

it('a dispatcher of a restored store is believed though its epoch is older, once it has told the whole list', () => {
  const told = feed();
  told.applyList({ epoch: 90, begunAt: 1_000, counter: 7, digest: '', pods: [pod('a', '80'), pod('b', '81')] });
  const late = { epoch: 40, begunAt: 900, counter: 9, changed: [pod('c')], removed: [] };
  expect(told.applyUpdate(late)).toEqual({ woken: [], ask: false }); // of one that was followed: a paused leader
  expect(told.applyList({ epoch: 40, begunAt: 900, counter: 9, digest: '', pods: [] })).toEqual({
    woken: [],
    ask: true,
  });

  const restored = { epoch: 50, begunAt: 2_000, counter: 1 };
  expect(told.applyUpdate({ ...restored, changed: [pod('a', '30')], removed: [] })).toEqual({ woken: [], ask: true });
  const answer = { ...restored, digest: '', pods: [pod('a', '30'), pod('c', '31')] };
  expect(told.applyList(answer)).toEqual({ woken: ['a', 'c', 'b'], ask: false });
  expect(told.uids).toEqual(['a', 'c']);
  expect(told.get('a')?.pod.metadata?.resourceVersion).toBe('30');
  expect(told.applyUpdate({ ...restored, counter: 2, changed: [pod('d', '32')], removed: [] })).toEqual({
    woken: ['d'],
    ask: false,
  });
});

it.each([
  { why: 'under an older epoch', epoch: 50 },
  { why: 'under a newer one, since the backup is younger than the dispatcher before', epoch: 95 },
])(
  'of a restored store whose list comes in parts no pod stays as it was before, and none is taken for gone meanwhile: $why',
  ({ epoch }) => {
    const told = feed();
    told.applyList({ epoch: 90, begunAt: 1_000, counter: 7, digest: '', pods: [pod('a', '98'), pod('b', '99')] });

    const restored = { epoch, begunAt: 2_000 };
    const ahead = { changed: [pod('a', '30')], removed: [] };
    const last = { digest: '', pods: [pod('b', '31')], listed: ['a', 'b'] };
    expect(told.applyUpdate({ ...restored, counter: 1, ...ahead })).toEqual({ woken: [], ask: true });
    expect(told.applyList({ ...restored, counter: 1, ...last })).toEqual({ woken: ['b'], ask: true });
    expect([told.uids, told.whole]).toEqual([['b'], false]);

    expect(told.applyUpdate({ ...restored, counter: 2, ...ahead })).toEqual({ woken: ['a'], ask: false });
    expect(told.applyList({ ...restored, counter: 2, ...last })).toEqual({ woken: ['a', 'b'], ask: false });
    expect(told.get('a')?.pod.metadata?.resourceVersion).toBe('30');
    expect(told.whole).toBe(true);
  },
);
