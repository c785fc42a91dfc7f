import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HEADER } from '../../contracts/headers.ts';
import { STORE_HEADER } from '../../contracts/store/stored-headers.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { planSubjects } from './plan-subjects.ts';
import { generateSubjects } from './subjects.ts';

const { file, text } = generateSubjects();

it('what is checked in is what the registry gives today; run `npm run generate` when it changed', () => {
  expect(readFileSync(file, 'utf8') === text, `${file} is older than the registry`).toBe(true);
});

it.each(Object.entries(SUBJECTS))('%s has a line with its payload', (_, { template }) => {
  expect(text).toContain(`| \`troupe.${template}\` |`);
});

it.each(Object.values({ ...HEADER, ...STORE_HEADER }))('header %s has a line that says what it is', (name) => {
  expect(text).toMatch(new RegExp(`\\| \`${name}\` \\| [^|]{10,} \\|`));
});

it('a type that is gone is told by its name', () => {
  expect(() => planSubjects({})).toThrow(/payload has no type|has no type/);
});
