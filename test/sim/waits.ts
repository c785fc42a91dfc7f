import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import { SECOND, type Time } from './time.ts';

const PERSON_WAITS_MS = 20 * SECOND;

/** Hears an answer, or `undefined` where none came in time. */
export type Answered = (answer: unknown) => void;

/** An actor's question. */
export interface OpenAsk {
  readonly asker: TestWorld;
  readonly heard: Heard;
}

/** Who waits for an answer, and for how long. */
export class Waits {
  readonly #time: Time;
  readonly #open: (OpenAsk & { readonly until: number })[] = [];
  /** Those who asked for something. */
  readonly #persons = new Set<{ readonly until: number; readonly answered: Answered }>();

  constructor(time: Time) {
    this.#time = time;
  }

  asked(asker: TestWorld, heard: Heard): void {
    if (heard.timeoutMs !== undefined) this.#open.push({ asker, heard, until: this.#time.now + heard.timeoutMs });
  }

  /** What an actor waits for. */
  openOf(asker: TestWorld): readonly OpenAsk[] {
    return this.#open.filter((open) => open.asker === asker && isOpen(open));
  }

  /** @param tell is called for each who has waited too long */
  expire(tell: (ask: OpenAsk) => void): void {
    for (const ask of this.#open.splice(0)) {
      if (!isOpen(ask)) continue;
      if (this.#time.now < ask.until) this.#open.push(ask);
      else tell(ask);
    }
  }

  /** @returns to be called with the answer; a person hears one alone */
  person(answered: Answered): Answered {
    const person = { until: this.#time.now + PERSON_WAITS_MS, answered };
    this.#persons.add(person);
    return (answer) => {
      if (this.#persons.delete(person)) answered(answer);
    };
  }

  /** Persons wait no longer. */
  giveUp(): void {
    for (const person of [...this.#persons]) {
      if (person.until > this.#time.now) continue;
      this.#persons.delete(person);
      person.answered(undefined);
    }
  }
}

const isOpen = ({ asker, heard }: OpenAsk): boolean => asker.core.isAskOpen(heard.id);
