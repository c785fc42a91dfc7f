import type { Dice } from './dice.ts';

/** What may happen to a message, each as a probability in [0, 1]. */
export interface Faults {
  /** A message that never arrives; whoever asked hears nothing until its time is over. */
  readonly loses: number;
  /** A message that arrives twice. Of a question only the first answer is heard. */
  readonly repeats: number;
}

export const NO_FAULTS: Faults = { loses: 0, repeats: 0 };

/** A message on its way. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  deliver(this: void): void;
}

/** The broker of a simulated world: keeps the order of what one tells another, and nothing else; dice decide the rest. */
export class Bus {
  faults: Faults;
  readonly #dice: Dice;
  /** Those who are cut off: what they say and what they are told is lost. */
  readonly #cut = new Set<string>();
  /** Letters that wait, by sender and receiver. */
  readonly #ways = new Map<string, Letter[]>();

  constructor(dice: Dice, faults: Faults) {
    this.#dice = dice;
    this.faults = faults;
  }

  get hasLetters(): boolean {
    return this.#ways.size > 0;
  }

  /** @param heardOnce its receiver takes only the first: an answer */
  send(letter: Letter, heardOnce = false): void {
    if (this.#dice.happens(this.faults.loses)) return;
    this.#post(letter);
    if (!heardOnce && this.#dice.happens(this.faults.repeats)) this.#post(letter);
  }

  isCut(who: string): boolean {
    return this.#cut.has(who);
  }

  /** Lets one letter arrive. */
  deliverOne(): void {
    const way = this.#dice.pick([...this.#ways.keys()]);
    if (way === undefined) return;
    const letters = this.#ways.get(way) ?? [];
    const letter = letters.shift();
    if (letters.length === 0) this.#ways.delete(way);
    if (letter !== undefined && !this.#cut.has(letter.from) && !this.#cut.has(letter.to)) letter.deliver();
  }

  /** The server is lost, and with it whatever is on its way. */
  loseAll(): void {
    this.#ways.clear();
  }

  cut(who: string): void {
    this.#cut.add(who);
  }

  mend(who: string): void {
    this.#cut.delete(who);
  }

  #post(letter: Letter): void {
    const way = `${letter.from}>${letter.to}`;
    const letters = this.#ways.get(way);
    if (letters === undefined) this.#ways.set(way, [letter]);
    else letters.push(letter);
  }
}
