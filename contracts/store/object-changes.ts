import { below } from '../subjects/family.ts';
import { SUBJECTS } from '../subjects/subjects.ts';

/** Where the server republishes changes of the objects bucket. */
export interface ObjectChanges {
  /** The republish destination in its stream's configuration, and the subject with all changes. */
  readonly republishedTo: string;
}

export const objectChanges = (prefix: string): ObjectChanges => ({ republishedTo: below(SUBJECTS.changes, prefix) });
