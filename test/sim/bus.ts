import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import type { Dice } from './dice.ts';

/** What may happen to a message, each as a probability in [0, 1]. */
export interface Faults {
  /** A request that never arrives, or an answer: whoever asked hears nothing until its time is over. */
  readonly loses: number;
  /** A request that arrives twice. Only the first answer is heard. */
  readonly repeats: number;
}

export const NO_FAULTS: Faults = { loses: 0, repeats: 0 };

interface Question {
  readonly asker: TestWorld;
  readonly heard: Heard;
}
interface Answer extends Question {
  readonly body: unknown;
}

/** Of so many of the oldest requests any may be the next. */
const REORDERED_MOST = 3;

/** The broker of a simulated world: requests and answers on their way, in an order and with faults that dice decide. */
export class Bus {
  readonly #dice: Dice;
  readonly #faults: Faults;
  readonly #requests: Question[] = [];
  readonly #answers: Answer[] = [];
  readonly #open: (Question & { readonly until: number })[] = [];

  constructor(dice: Dice, faults: Faults) {
    this.#dice = dice;
    this.#faults = faults;
  }

  /** Takes the requests among what an actor has said since it was asked last. */
  collect(asker: TestWorld): void {
    for (const heard of asker.said()) if (heard.kind === 'request') this.#send({ asker, heard });
  }

  #send(question: Question): void {
    const { asker, heard } = question;
    if (heard.timeoutMs !== undefined) this.#open.push({ ...question, until: asker.now + heard.timeoutMs });
    if (this.#dice.happens(this.#faults.loses)) return;
    this.#requests.push(question);
    if (this.#dice.happens(this.#faults.repeats)) this.#requests.push(question);
  }

  get hasRequests(): boolean {
    return this.#requests.length > 0;
  }
  get hasAnswers(): boolean {
    return this.#answers.length > 0;
  }

  /** Lets one request arrive. @param serve answers it, once or not at all */
  deliverRequest(serve: (heard: Heard, answer: (body: unknown) => void) => void): void {
    const at = this.#dice.below(Math.min(REORDERED_MOST, this.#requests.length));
    const [question] = this.#requests.splice(at, 1);
    if (question === undefined) return;
    serve(question.heard, (body) => {
      if (question.heard.timeoutMs === undefined || this.#dice.happens(this.#faults.loses)) return;
      this.#answers.push({ ...question, body });
    });
  }

  /** Lets one answer arrive. */
  deliverAnswer(): void {
    const [answer] = this.#answers.splice(this.#dice.below(this.#answers.length), 1);
    if (answer !== undefined) this.#tell(answer, answer.body);
  }

  /** Tells whoever has waited too long, by its own clock. */
  expire(): void {
    for (const question of this.#open.splice(0)) {
      const { asker, heard, until } = question;
      if (!asker.core.isAskOpen(heard.id)) continue;
      if (asker.now >= until) this.#tell(question, 'timeout');
      else this.#open.push(question);
    }
  }

  #tell({ asker, heard }: Question, body: unknown): void {
    if (asker.core.isAskOpen(heard.id)) this.collect(asker.answer(heard, body));
  }
}
