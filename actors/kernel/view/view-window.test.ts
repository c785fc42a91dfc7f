import { expect, it } from 'vitest';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { guardedView } from '../turns/guarded-view.ts';
import { Cache } from './cache.ts';
import { ViewWindow } from './view-window.ts';

const MINUTE = 60_000;

it("begins with the actor, and follows its checkpoints at ten minutes' distance", () => {
  const window = new ViewWindow(100);
  expect(window.at(0)).toBe(100);
  window.mark(0, 200);
  window.mark(1, 201); // too near to the one before
  window.mark(5 * MINUTE, 300);
  expect(window.at(9 * MINUTE)).toBe(100);
  expect(window.at(10 * MINUTE)).toBe(200);
  expect(window.at(14 * MINUTE)).toBe(200);
  expect(window.at(60 * MINUTE)).toBe(300);
  expect(window.at(90 * MINUTE)).toBe(300);
});

it('begins after what the history has lost', () => {
  const window = new ViewWindow(100);
  window.mark(0, 200);
  window.mark(5 * MINUTE, 300);
  window.forgetBefore(250);
  expect(window.at(10 * MINUTE)).toBe(250);
  expect(window.at(15 * MINUTE)).toBe(300);
  window.forgetBefore(40);
  expect(window.at(16 * MINUTE)).toBe(300);
});

it('bounds what a view says, however much more the cache remembers', () => {
  const cache = new Cache();
  for (const revision of [1, 2, 3]) {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${revision}`, namespace: 'a' } } as KubeObject;
    cache.apply({ key: `pods.a.p${revision}`, revision, object });
  }
  const view = guardedView(
    cache,
    () => undefined,
    () => 2,
  );
  expect(cache.since(1)).toHaveLength(2);
  expect(view.since(1)).toBeUndefined();
  expect(view.since(2)).toHaveLength(1);
});
