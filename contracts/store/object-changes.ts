import { eventKind } from '../kinds/event/event.ts';
import { KINDS } from '../kinds/registry.ts';
import { below } from '../subjects/family.ts';
import { SUBJECTS } from '../subjects/subjects.ts';
import { EPOCHS } from './keys.ts';

/** Where the server republishes changes of the objects bucket. */
export interface ObjectChanges {
  /** The republish destination in its stream's configuration. */
  readonly republishedTo: string;
  /** Subjects with all changes of this bucket and none of the events bucket, which is republished to the same destination. */
  readonly subjects: readonly string[];
}

export function objectChanges(prefix: string): ObjectChanges {
  const resources = [EPOCHS, ...KINDS.map(({ resource }) => resource)].filter((one) => one !== eventKind.resource);
  return {
    republishedTo: below(SUBJECTS.changes, prefix),
    subjects: resources.map((resource) => SUBJECTS.changes.pattern(prefix, { resource })),
  };
}
