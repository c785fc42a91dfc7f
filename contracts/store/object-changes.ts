import { eventKind } from '../kinds/event/event.ts';
import { KINDS } from '../kinds/registry.ts';
import { below } from '../subjects/family.ts';
import { SUBJECTS } from '../subjects/subjects.ts';
import { EPOCHS } from './keys.ts';

/** Where the server tells of the objects' bucket. */
export interface ObjectChanges {
  /** What its stream is republished to, as its configuration says it. */
  readonly republishedTo: string;
  /** Subjects that have every change of it, and none of another bucket: Events are told of in the same place. */
  readonly subjects: readonly string[];
}

export function objectChanges(prefix: string): ObjectChanges {
  const resources = [EPOCHS, ...KINDS.map(({ resource }) => resource)].filter((one) => one !== eventKind.resource);
  return {
    republishedTo: below(SUBJECTS.changes, prefix),
    subjects: resources.map((resource) => SUBJECTS.changes.pattern(prefix, { resource })),
  };
}
