import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateKinds } from './kinds.ts';
import { code, firstSentences, planKinds, typeName } from './plan-kinds.ts';

it('what is checked in is what the models give today; run `npm run generate` when they changed', async () => {
  const { folder, files } = await generateKinds();
  for (const [name, text] of Object.entries(files)) {
    expect(readFileSync(join(folder, name), 'utf8') === text, `${name} is not what the models give`).toBe(true);
  }
});

it.each([
  ['V1Pod', 'Pod'],
  ['CoreV1Event', 'Event'],
  ['EventsV1Event', 'EventsEvent'],
  ['V1beta2Thing', 'Thing'],
])('%s is called %s', (model, name) => {
  expect(typeName(model)).toBe(name);
});

describe('code', () => {
  it.each([
    [{ name: 'image', type: 'string', format: '' }, 'string'],
    [{ name: 'containers', type: 'Array<V1Container>', format: '' }, '[]Container'],
    [{ name: 'labels', type: '{ [key: string]: string; }', format: '' }, '{}string'],
    [{ name: 'limits', type: '{ [key: string]: string; }', format: '' }, '{}quantity'],
    [{ name: 'data', type: '{ [key: string]: string; }', format: 'byte' }, '{}bytes'],
    [{ name: 'eventTime', type: 'V1MicroTime', format: 'date-time-micro' }, 'microtime'],
    [{ name: 'port', type: 'IntOrString', format: 'int-or-string' }, 'int-or-string'],
    [{ name: 'sizeLimit', type: 'string', format: '' }, 'quantity'],
  ])('%o', (field, text) => {
    expect(code(field)).toBe(text);
  });

  it('refuses what it does not know, and says what to do', () => {
    expect(() => code({ name: 'x', type: 'Set<string>', format: '' })).toThrow(
      /unknown type Set<string>.*add it to plan-kinds/,
    );
  });
});

it.each([
  ['One. Two. Three.', 'One. Two.'],
  ['No end', 'No end'],
  ['Names, e.g. X. Then more.', 'Names, e.g. X. Then more.'],
  [`${'long '.repeat(80)}.`, `${'long '.repeat(80).slice(0, 297)}...`],
])('first sentences of %s', (doc, first) => {
  expect(firstSentences(doc)).toBe(first);
});

it('two models of one name are refused', () => {
  const model = { doc: '', fields: [] };
  expect(() =>
    planKinds([
      { ...model, name: 'V1Pod' },
      { ...model, name: 'CoreV1Pod' },
    ]),
  ).toThrow('have the type name Pod');
});
