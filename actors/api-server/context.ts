import { Observable } from 'rxjs';
import { mergeMap } from 'rxjs/operators';
import type { StorePorts } from '../../contracts/messages/store.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Said, World } from '../kernel/contract.ts';
import { inbox, port, publish, request } from '../kernel/declare.ts';
import type { Limits } from './limits.ts';
import type { FreshReads } from './read/consistent-reads.ts';
import type { KeyTurns } from './write/write-queues.ts';

const store = <K extends keyof StorePorts>(op: K) => port<StorePorts, K>('store', op);

/** What an api-server says. */
export const SAYS = {
  put: store('put'),
  purge: store('purge'),
  fresh: store('fresh'),
  reached: store('reached'),
  putEvent: store('putEvent'),
  purgeEvent: store('purgeEvent'),
  getEvent: store('getEvent'),
  listEvents: store('listEvents'),
  nodeLogs: request(SUBJECTS.nodeLogs),
  outcome: publish(SUBJECTS.outcome),
  event: inbox(),
} as const;

/** What the parts of an api-server share. */
export interface Context {
  readonly world: World<typeof SAYS>;
  /** Of this api-server among the others. */
  readonly instance: string;
  readonly limits: Limits;
  readonly fresh: FreshReads['after'];
  /** Writes of one object go one after the other. */
  readonly turns: KeyTurns;
}

/** One question to the store, with the deadline of all. */
export const askStore = <A>({ world, limits }: Pick<Context, 'world' | 'limits'>, said: Said<A>): Observable<A> =>
  world.ask(said, { timeoutMs: limits.storeTimeoutMs });

/** An answer, now or later. A refusal is thrown, or comes as an error. */
export type Answer<T = unknown> = T | Observable<T>;

/** Chains an answer, now or later. */
export const andThen = <A, B>(answer: Answer<A>, next: (value: A) => Answer<B>): Answer<B> => {
  if (!(answer instanceof Observable)) return next(answer);
  return answer.pipe(
    mergeMap((value) => {
      const then = next(value as A);
      return then instanceof Observable ? then : [then];
    }),
  ) as Observable<B>;
};
