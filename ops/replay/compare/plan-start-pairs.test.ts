import { expect, it } from 'vitest';
import type { Playable } from '../read/playable.ts';
import { pairStarts } from './plan-start-pairs.ts';

/** `scheduler/m1@5`: that instance, started at 5. */
const start = (text: string): Pick<Playable, 'incarnation'> => {
  const [, actor = '', instance = '', at] = /^(\w+)\/(\w+)@(\d+)$/.exec(text) ?? [];
  const self = { actor, instance, caller: 'system', prefix: 'troupe' };
  return { incarnation: { self, incarnation: Number(at) } as Playable['incarnation'] };
};
const textOf = ({ incarnation: { self, incarnation } }: Pick<Playable, 'incarnation'>): string =>
  `${self.actor}/${self.instance}@${incarnation}`;

it.each([
  { why: 'one each', ours: ['a/m@1'], theirs: ['a/m@9'], pairs: ['a/m@1 a/m@9'], left: [] },
  {
    why: 'the same starts, where both hold some',
    ours: ['a/m@1', 'a/m@2', 'a/m@3'],
    theirs: ['a/m@2', 'a/m@3', 'a/m@4'],
    pairs: ['a/m@2 a/m@2', 'a/m@3 a/m@3'],
    left: ['a/m@4'],
  },
  {
    why: 'of two runs the last with the last, and so on',
    ours: ['a/m@1', 'a/m@2', 'a/m@3'],
    theirs: ['a/m@8', 'a/m@9'],
    pairs: ['a/m@2 a/m@8', 'a/m@3 a/m@9'],
    left: [],
  },
  {
    why: 'what the other began more often is left',
    ours: ['a/m@1'],
    theirs: ['a/m@8', 'a/m@9'],
    pairs: ['a/m@1 a/m@9'],
    left: ['a/m@8'],
  },
  {
    why: 'each instance with its own',
    ours: ['a/m@1', 'a/n@2'],
    theirs: ['a/n@8', 'a/m@9'],
    pairs: ['a/m@1 a/m@9', 'a/n@2 a/n@8'],
    left: [],
  },
  { why: 'an unknown instance with another', ours: ['a/m@1'], theirs: ['a/x@1'], pairs: ['a/m@1 a/x@1'], left: [] },
  { why: 'no other actor', ours: ['a/m@1'], theirs: ['b/m@1'], pairs: [], left: [] },
])('$why', ({ ours, theirs, pairs, left }) => {
  const found = pairStarts(ours.map(start), theirs.map(start));
  expect([...found.peers].map(([one, other]) => `${textOf(one)} ${textOf(other)}`)).toEqual(pairs);
  expect(found.left.map(textOf)).toEqual(left);
});
