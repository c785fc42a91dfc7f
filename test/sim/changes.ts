import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import type { Bus } from './bus.ts';
import type { Cast, Watcher } from './cast.ts';
import type { Dice } from './dice.ts';
import type { Mail } from './mail.ts';
import type { MemoryStore } from './memory-store.ts';

/** How many changes a watcher may hear of at once. */
const LUMP_MOST = 4;
/** Of the store's answers so many come before the change that they acknowledge is in the view. */
const EARLY_ANSWERS = 1 / 4;

/** What the store tells: its changes, to each watcher in its own time, and its answers to api-servers. */
export class Changes {
  readonly #dice: Dice;
  readonly #store: MemoryStore;
  readonly #bus: Bus;
  readonly #cast: Cast;
  readonly #mail: Mail;
  /** What api-servers ask. */
  readonly #asked: { readonly world: TestWorld; readonly heard: Heard }[] = [];
  #republished = 0;

  constructor(dice: Dice, store: MemoryStore, bus: Bus, cast: Cast, mail: Mail) {
    this.#dice = dice;
    this.#store = store;
    this.#bus = bus;
    this.#cast = cast;
    this.#mail = mail;
  }

  ask(world: TestWorld, heard: Heard): void {
    this.#asked.push({ world, heard });
  }

  /** The store went back: what was asked of it is lost, and of what it holds nobody is told but who lists it. */
  beginAnew(): void {
    this.#asked.length = 0;
    this.#republished = this.#store.length;
  }

  /** The server was lost before it had answered: what was asked of the store was done, or was not. */
  loseAnswers(): void {
    for (const { world, heard } of this.#asked.splice(0)) {
      if (this.#dice.happens(1 / 2)) this.#store.answer(heard);
      const api = this.#cast.api((each) => each.world === world);
      if (api !== undefined) this.#mail.tell(api, heard, 'timeout');
    }
  }

  /** What could happen next. */
  choices(): readonly (() => void)[] {
    const behind = this.#cast.watchers.filter(({ heard }) => heard < this.#store.length);
    return [
      ...behind.map((watcher) => () => this.#hear(watcher)),
      ...(this.#asked.length > 0 ? [() => this.#serve()] : []),
    ];
  }

  /** What the broker publishes of the store's changes, as far as anybody here listens. */
  republish(): void {
    for (const { resource, name, object } of this.#store.since(this.#republished))
      if (resource === 'nodes') this.#mail.republishNode(name, object ?? new Uint8Array(0));
    this.#republished = this.#store.length;
  }

  #hear(watcher: Watcher): void {
    const lump = 1 + this.#dice.below(Math.min(LUMP_MOST, this.#store.length - watcher.heard));
    this.#hearUntil(watcher, watcher.heard + lump);
  }

  #hearUntil(watcher: Watcher, to: number): void {
    if (to <= watcher.heard) return;
    this.#store.show(watcher.world, watcher.heard, to);
    watcher.heard = to;
    watcher.world.settle();
    this.#mail.collect(watcher);
  }

  /** The store does what one api-server asks it. */
  #serve(): void {
    const [asked] = this.#asked.splice(this.#dice.below(this.#asked.length), 1);
    if (asked === undefined) return;
    const { world, heard } = asked;
    const answer = this.#store.answer(heard);
    const api = this.#cast.api((each) => each.world === world);
    if (api === undefined) return; // it was killed meanwhile
    const writes = heard.say === 'put' || heard.say === 'purge';
    if (!(writes && this.#dice.happens(EARLY_ANSWERS))) this.#hearUntil(api, this.#upTo(heard));
    this.#mail.tell(api, heard, writes && this.#dice.happens(this.#bus.faults.loses) ? 'timeout' : answer);
  }

  /** How far the view has come when the store answers. */
  #upTo({ say, body }: Heard): number {
    return say === 'reached' ? (body as { readonly revision: number }).revision : this.#store.length;
  }
}
