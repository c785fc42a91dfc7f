import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { keyText } from '../../replay/explain/plan-causes.ts';
import { timeText } from './render.ts';

/** A turn in one line: number, time, input, what was said. */
export function lineOf({ n, now, rec, said }: RecordedTurn, differs: boolean, played = true): string {
  const heard =
    rec.t === 'call'
      ? rec.subject
      : rec.t === 'answer'
        ? `answer to ${rec.ask}`
        : rec.t === 'change'
          ? `${rec.keys.slice(0, 2).map(keyText).join(', ')}${rec.keys.length > 2 ? ` and ${rec.keys.length - 2} more` : ''}`
          : '';
  const says = said.map(({ say }) => say).join(', ');
  return `${String(n).padStart(6)}  ${timeText(now)}  ${rec.t.padEnd(6)}  ${heard}${says === '' ? '' : `  -> ${says}`}${differs ? '  (differs)' : ''}${played ? '' : '  (not played)'}`;
}
