import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { planSubjects, SUBJECT_SOURCES } from './plan-subjects.ts';
import { projectRoot } from './read-models.ts';

/** Where the page of subjects lives, and what should be in it today. */
export function generateSubjects(): { readonly file: string; readonly text: string } {
  const root = projectRoot();
  const sources = SUBJECT_SOURCES.map((file) => [file, readFileSync(join(root, file), 'utf8')]);
  return { file: join(root, 'ops/docs/subjects.md'), text: planSubjects(Object.fromEntries(sources)) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { file, text } = generateSubjects();
  writeFileSync(file, text);
}
