import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { aboutFinder } from '../../replay/explain/plan-about.ts';
import { isResource } from '../objects/resources.ts';

/** Finds the turns that are about what was typed: `web-1` or `default/web-1`, also with its kind before it, as `view` takes it. */
export function typedAbout(text: string): (turn: RecordedTurn) => boolean {
  const [kind = '', ...name] = text.split('/');
  const finders = [text, ...(name.length > 0 && isResource(kind) ? [name.join('/')] : [])].map(aboutFinder);
  return (turn) => finders.filter((isAbout) => isAbout(turn)).length > 0; // each is asked of every turn
}
