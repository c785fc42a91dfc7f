import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { nameOf, type Playable } from '../../replay/read/playable.ts';
import { isFile, type Source } from '../../replay/read/source.ts';
import { UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import type { Terminal } from '../shared/terminal.ts';
import { commandFor, openNamed, partsOf, startedName, turnFlags } from './parts.ts';
import type { ReplayOptions } from './options.ts';
import { lineOf } from './turn-line.ts';
import { typedAbout } from './typed-about.ts';

/** Turns that are listed; more would not be read. */
const SHOWN_MAX = 500;

/** `troupe replay scheduler --about web-1`: the turns in which that was heard of or spoken of. Plays nothing. */
export async function aboutCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const text = options.about ?? '';
  if (text.trim() === '')
    throw new UsageError('--about is empty; give the name of an object: web-1, default/web-1 or pod/web-1');
  const source = await openNamed(what, options, terminal);
  const found = partsOf(source, options).flatMap(({ playable, from, to }) => {
    const isAbout = typedAbout(text);
    const turns = playable.turns.filter((turn, at) => isAbout(turn) && at >= from && at <= to);
    return turns.length === 0 ? [] : [{ name: nameOf(playable), playable, turns }];
  });
  if (options.output === 'json') {
    terminal.out(
      toJson(
        found.map(({ name, playable: { incarnation }, turns }) => ({
          name,
          incarnation: incarnation.incarnation,
          turns: turns.map(({ n }) => n),
        })),
      ),
    );
    return;
  }
  for (const { playable, turns } of found) {
    terminal.out(`${terminal.paint('bold', startedName(playable, source.playables))}\n`);
    for (const turn of turns.slice(0, SHOWN_MAX)) terminal.out(`${lineOf(turn, false)}\n`);
    if (turns.length > SHOWN_MAX)
      terminal.out(`  … ${turns.length - SHOWN_MAX} more; --from and --to narrow it down\n`);
  }
  const last = found.at(-1);
  const telling = last && tellingOf(last.turns);
  if (last === undefined || telling === undefined) terminal.tell(await nothingText(what, text, options, source));
  else
    terminal.out(
      `\none of them whole: ${commandFor(what, options, source, last.playable)} ${turnFlags('--turn', source, last.playable, telling)}\n`,
    );
}

const NAMED_MOST = 8;

/** What to look into instead: the part that was left out, or other actors. */
async function nothingText(what: string, text: string, options: ReplayOptions, source: Source): Promise<string> {
  const isAbout = typedAbout(text);
  const hasAny = ({ turns }: Playable): boolean => turns.some((turn) => isAbout(turn));
  const nothing = `nothing in ${what} is about ${text}`;
  if (source.playables.some(hasAny)) return `${nothing} between --from and --to; without them there is`;
  const others = (await source.all()).filter((one) => !one.incarnation.driver && hasAny(one));
  const actors = [...new Set(others.map(({ incarnation: { self } }) => self.actor))];
  const [first] = others;
  if (first === undefined) return `${nothing}, nor is anything recorded there of other actors; is the name right?`;
  const more = actors.length > NAMED_MOST ? `, and ${actors.length - NAMED_MOST} more` : '';
  const { actor } = first.incarnation.self;
  const { actor: _actor, instance: _instance, ...rest } = options;
  const named: [string, ReplayOptions] = isFile(what) ? [what, { ...rest, actor }] : [actor, rest];
  const command = commandFor(...named, { ...source, playables: [first] }, first);
  return `${nothing}; of ${actors.slice(0, NAMED_MOST).join(', ')}${more} there is: ${command} --about ${text}`;
}

/** Of all turns about an object, the one to look at first: its placement, else where something was said of it. */
const tellingOf = (turns: readonly RecordedTurn[]): RecordedTurn | undefined =>
  turns.findLast(({ said }) => said.some(({ say }) => say === 'bind')) ??
  turns.findLast(({ said }) => said.length > 0) ??
  turns.at(-1);
