import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { aboutFinder } from '../../replay/explain/plan-about.ts';
import { isResource } from '../objects/resources.ts';

/** Finds the turns about a name as typed: `web-1` or `default/web-1`, also after a kind, `pod/web-1`, as `view` takes it. */
export function typedAbout(text: string): (turn: RecordedTurn) => boolean {
  const finders = [...new Set([text, typedName(text)])].map(aboutFinder);
  return (turn) => finders.filter((isAbout) => isAbout(turn)).length > 0; // each must see every turn
}

/** What was typed, without a kind. */
export function typedName(text: string): string {
  const [kind = '', ...name] = text.split('/');
  return name.length > 0 && isResource(kind) ? name.join('/') : text;
}
