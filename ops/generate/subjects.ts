import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../boot/home/project-root.ts';
import { planSubjects, SUBJECT_SOURCES } from './plan-subjects.ts';

/** The path and the contents of the generated page of subjects. */
export function generateSubjects(): { readonly file: string; readonly text: string } {
  const sources = SUBJECT_SOURCES.map((file) => [file, readFileSync(join(projectRoot, file), 'utf8')]);
  return { file: join(projectRoot, 'ops/docs/subjects.md'), text: planSubjects(Object.fromEntries(sources)) };
}

if (import.meta.filename === realpathSync(process.argv[1] ?? '.')) {
  const { file, text } = generateSubjects();
  writeFileSync(file, text);
}
