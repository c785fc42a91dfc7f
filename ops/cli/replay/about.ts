import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { keyText } from '../../replay/explain/plan-causes.ts';
import { type Chosen, chooseLives, type Life, planAbout } from '../../replay/explain/plan-lives.ts';
import { knowledgeOf } from '../../replay/play/definitions.ts';
import { nameOf, type Playable } from '../../replay/read/playable.ts';
import { isFile, type Source } from '../../replay/read/source.ts';
import { UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { commandFor, openNamed, partsOf, startedName, turnFlags } from './parts.ts';
import { momentText } from './render.ts';
import { lineOf } from './turn-line.ts';
import { typedAbout, typedName } from './typed-about.ts';

/** Most turns that are listed for a recording. */
const SHOWN_MAX = 500;

interface Found {
  readonly playable: Playable;
  readonly turns: readonly RecordedTurn[];
}

/** `troupe replay scheduler --about web-1`: lists the turns about an object. Plays nothing. */
export async function aboutCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const text = options.about ?? '';
  if (text.trim() === '')
    throw new UsageError('--about is empty; give the name of an object: web-1, default/web-1 or pod/web-1');
  const source = await openNamed(what, options, terminal);
  const { found, chosen } = aboutIn(source, text, options);
  if (options.output === 'json') {
    const { others } = chosen;
    const uids = others.length === 0 ? {} : { uids: [...chosen.uids], others: others.map(({ uid }) => uid) };
    terminal.out(
      toJson(
        found.map(({ playable, turns }) => ({
          name: nameOf(playable),
          incarnation: playable.incarnation.incarnation,
          turns: turns.map(({ n }) => n),
          ...uids,
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
  terminal.out(othersText(chosen));
  const last = found.at(-1);
  const first = last && firstToRead(last);
  if (last === undefined || first === undefined) terminal.tell(await nothingText(what, text, options, source));
  else
    terminal.out(
      `\nshow one in full: ${commandFor(what, options, source, last.playable)} ${turnFlags('--turn', source, last.playable, first)}\n`,
    );
}

/**
 * The turns about a name. Of several objects that had the name one after the other, those of the newest, or of the uid given.
 * @throws UsageError: no object with that uid had the name
 */
function aboutIn(
  source: Source,
  text: string,
  options: ReplayOptions,
): { readonly found: readonly Found[]; readonly chosen: Chosen } {
  const all = partsOf(source, options).map((part) => ({
    part,
    about: planAbout(part.playable, typedName(text), typedAbout(text)),
  }));
  const lives = new Map<string, Life>();
  for (const life of all.flatMap(({ about }) => about.lives)) {
    const known = lives.get(life.uid);
    if (known === undefined || life.firstMs < known.firstMs) lives.set(life.uid, life);
  }
  const { uid } = options;
  const chosen = chooseLives([...lives.values()], uid);
  if (uid !== undefined && chosen.uids.size === 0) {
    const there = [...lives.keys()].map((one) => `--uid ${one}`).join(', ');
    throw new UsageError(
      `no ${text} with a uid that begins with "${uid}" is recorded; ${there === '' ? 'leave out --uid' : `there are: ${there}`}`,
    );
  }
  const isShown = (uids: ReadonlySet<string>): boolean =>
    (uids.size === 0 && uid === undefined) || [...uids].some((one) => chosen.uids.has(one));
  const found = all.flatMap(({ part: { playable, from, to }, about }): Found[] => {
    const turns = about.turns.flatMap(({ index, uids }) =>
      index >= from && index <= to && isShown(uids) ? (playable.turns[index] ?? []) : [],
    );
    return turns.length === 0 ? [] : [{ playable, turns }];
  });
  return { found, chosen };
}

/** Most objects that are named. */
const OTHERS_MAX = 8;
const UID_LETTERS = 8;

/** Which other objects had the same name, and how to choose one. Empty when there are none. */
function othersText({ others, uids }: Chosen): string {
  const [first] = others;
  if (first === undefined) return '';
  const all = [...uids, ...others.map(({ uid }) => uid)];
  const shortOf = (uid: string): string => {
    const short = uid.slice(0, UID_LETTERS);
    return all.filter((one) => one.startsWith(short)).length > 1 ? uid : short;
  };
  const shown = others.slice(0, OTHERS_MAX).map(({ uid, key, firstMs }) => {
    const { resource = '' } = parseKey(key) ?? {};
    return `  --uid ${shortOf(uid)}  ${resource}, since ${momentText(firstMs).slice(0, 19)}\n`;
  });
  const more = others.length > OTHERS_MAX ? `  … ${others.length - OTHERS_MAX} more; -o json lists them\n` : '';
  const many = others.length === 1 ? '1 other object' : `${others.length} other objects`;
  return `\n${many} of the name ${keyText(first.key).split(' ')[1]} not shown; choose with:\n${shown.join('')}${more}`;
}

const NAMED_MOST = 8;

/** The text when nothing is found: what to leave out, or which other actors have turns about the name. */
async function nothingText(what: string, text: string, options: ReplayOptions, source: Source): Promise<string> {
  const isAbout = typedAbout(text);
  const hasAny = ({ turns }: Playable): boolean => turns.some((turn) => isAbout(turn));
  const nothing = `nothing in ${what} is about ${text}`;
  if (source.playables.some(hasAny)) return `${nothing} between --from and --to; without them there is`;
  const others = (await source.all()).filter((one) => !one.incarnation.driver && hasAny(one));
  const actors = [...new Set(others.map(({ incarnation: { self } }) => self.actor))];
  const [first] = others;
  if (first === undefined) return `${nothing}, and nothing recorded there of other actors is; check the name`;
  const more = actors.length > NAMED_MOST ? `, and ${actors.length - NAMED_MOST} more` : '';
  const { actor } = first.incarnation.self;
  const { actor: _actor, instance: _instance, ...rest } = options;
  const named: [string, ReplayOptions] = isFile(what) ? [what, { ...rest, actor }] : [actor, rest];
  const command = commandFor(...named, { ...source, playables: [first] }, first);
  return `${nothing}; turns of ${actors.slice(0, NAMED_MOST).join(', ')}${more} are: ${command} --about ${text}`;
}

/** The turn to read first: one with the actor's main decision, else one that said something. */
function firstToRead({ playable, turns }: Found): RecordedTurn | undefined {
  const { mainSay } = knowledgeOf(playable.incarnation.self.actor);
  return (
    turns.findLast(({ said }) => said.some(({ say }) => say === mainSay)) ??
    turns.findLast(({ said }) => said.length > 0) ??
    turns.at(-1)
  );
}
