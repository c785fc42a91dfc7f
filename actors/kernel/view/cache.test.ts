import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { parseKey, storeKey } from '../../../contracts/store/keys.ts';
import type { Change } from '../contract.ts';
import { byKey, Cache, type CacheEntry } from './cache.ts';

const object = (name: string, mark = 0): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, mark }) as unknown as KubeObject;

/** The same promises kept the slow way: everything in one array. */
class Model {
  entries: { key: string; revision: number; object: KubeObject }[] = [];
  changes: Change[] = [];
  start = 0;
  revision = 0;
  readonly window: number;
  constructor(window: number) {
    this.window = window;
  }
  apply(key: string, revision: number, value: KubeObject | undefined): void {
    const before = this.entries.find((entry) => entry.key === key)?.object;
    this.entries = this.entries.filter((entry) => entry.key !== key);
    const after = value && marked(value, revision);
    if (after) this.entries.push({ key, revision, object: after });
    this.entries.sort(byKey);
    this.changes.push({ key, revision, ...(before ? { before } : {}), ...(after ? { after } : {}) });
    for (; this.changes.length > this.window; this.changes.shift()) this.start = this.changes[0]?.revision ?? 0;
    this.revision = revision;
  }
  list(resource: string, namespace?: string): KubeObject[] {
    return this.entries
      .filter(({ key }) => {
        const parts = parseKey(key);
        return parts?.resource === resource && (namespace === undefined || parts.namespace === namespace);
      })
      .map((entry) => entry.object);
  }
}
const marked = (value: KubeObject, revision: number): KubeObject =>
  ({ ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } }) as KubeObject;

const RESOURCES = ['pods', 'widgets.example.com'];
const SPACES = ['', 'a', 'a-b', 'a.b', '_'];
const NAMES = ['x', 'x-1', 'x.1', 'y', 'é'];
const key = fc
  .tuple(fc.constantFrom(...RESOURCES), fc.constantFrom(...SPACES), fc.constantFrom(...NAMES))
  .map(([resource, namespace, name]) => storeKey(resource, namespace, name));
const write = fc.record({ key, step: fc.integer({ min: 1, max: 3 }), gone: fc.boolean(), look: fc.boolean() });

function expectSame(cache: Cache, model: Model): void {
  for (const resource of RESOURCES) {
    expect(cache.list(resource)).toEqual(model.list(resource));
    for (const space of SPACES) expect(cache.list(resource, space)).toEqual(model.list(resource, space));
  }
  for (const entry of model.entries) {
    const { resource, namespace, name } = parseKey(entry.key) ?? { resource: '', namespace: '', name: '' };
    expect(cache.get(resource, namespace, name)).toEqual(entry.object);
    expect(cache.revisionOf(entry.key)).toBe(entry.revision);
  }
  expect(cache.size).toBe(model.entries.length);
  expect(cache.revision).toBe(model.revision);
  expect(cache.windowStart).toBe(model.start);
  for (let from = model.start; from <= model.revision; from++) {
    expect(cache.since(from)).toEqual(model.changes.filter((change) => change.revision > from));
  }
  if (model.start > 0) expect(cache.since(model.start - 1)).toBeUndefined();
}

describe('cache', () => {
  it('keeps what a naive model keeps, whatever is written, deleted and looked at', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (writes, window) => {
        const cache = new Cache({ window, freeze: true });
        const model = new Model(window);
        let revision = 0;
        for (const { key: at, step, gone, look } of writes) {
          revision += step;
          const value = gone ? undefined : object(at, revision);
          const change = cache.apply({ key: at, revision, object: value });
          model.apply(at, revision, value);
          expect(change).toEqual(model.changes.at(-1));
          if (look) expectSame(cache, model);
        }
        expectSame(cache, model);
      }),
      { numRuns: 200 },
    );
  });

  it('tells of a relist exactly what differs, in key order', () => {
    const state = fc.uniqueArray(fc.record({ key, revision: fc.integer({ min: 1, max: 4 }) }), {
      selector: (entry) => entry.key,
    });
    fc.assert(
      fc.property(state, state, (was, is) => {
        const full = (entries: typeof was): CacheEntry[] =>
          entries.map((entry) => ({ ...entry, object: object(entry.key) }));
        const cache = new Cache();
        cache.relist(full(was), 10);
        const changes = cache.relist(full(is), 20);
        const old = new Map(was.map((entry) => [entry.key, entry.revision]));
        const now = new Map(is.map((entry) => [entry.key, entry.revision]));
        const differing = [...new Set([...old.keys(), ...now.keys()])].filter((k) => old.get(k) !== now.get(k)).sort();
        expect(changes.map((change) => change.key)).toEqual(differing);
        for (const change of changes) {
          expect(change.before !== undefined).toBe(old.has(change.key));
          expect(change.after !== undefined).toBe(now.has(change.key));
          expect(change.revision).toBe(now.get(change.key) ?? 20);
        }
        expect([...cache.entries()].map((entry) => entry.key).sort()).toEqual([...now.keys()].sort());
        expect(cache.since(19)).toBeUndefined();
        expect(cache.since(20)).toEqual([]);
      }),
    );
  });

  it('hands out the same list until something in it changes', () => {
    const cache = new Cache();
    cache.apply({ key: 'pods.a.x', revision: 1, object: object('x') });
    cache.apply({ key: 'pods.b.y', revision: 2, object: object('y') });
    const [all, a, b] = [cache.list('pods'), cache.list('pods', 'a'), cache.list('pods', 'b')];
    cache.apply({ key: 'nodes._.n', revision: 3, object: object('n') });
    expect([cache.list('pods'), cache.list('pods', 'a')]).toEqual([all, a]);
    expect(cache.list('pods')).toBe(all);
    cache.apply({ key: 'pods.a.x', revision: 4, object: object('x', 1) });
    expect(cache.list('pods', 'b')).toBe(b);
    expect(cache.list('pods')).not.toBe(all);
    expect(all).toHaveLength(2);
  });

  it('freezes deeply when asked, and refuses revisions out of order and foreign keys', () => {
    const cache = new Cache({ freeze: true });
    cache.apply({ key: 'pods.a.x', revision: 5, object: object('x') });
    expect(Object.isFrozen(cache.at('pods.a.x')?.metadata)).toBe(true);
    expect(() => cache.apply({ key: 'pods.a.x', revision: 5, object: object('x') })).toThrow(RangeError);
    expect(() => cache.apply({ key: 'pods', revision: 6, object: object('x') })).toThrow(RangeError);
    cache.advance(9);
    expect(cache.revision).toBe(9);
  });
});
