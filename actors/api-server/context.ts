import { Observable } from 'rxjs';
import { mergeMap } from 'rxjs/operators';
import type { StorePorts } from '../../contracts/messages/store.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Said, World } from '../kernel/contract.ts';
import { inbox, port, publish, request } from '../kernel/declare.ts';
import type { Limits } from './limits.ts';
import type { ConsistentReads } from './read/consistent-reads.ts';
import type { WriteQueues } from './write/write-queues.ts';

const store = <K extends keyof StorePorts>(op: K) => port<StorePorts, K>('store', op);

/** What an api-server may send. */
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
  nodeSessions: request(SUBJECTS.nodeSessions),
  outcome: publish(SUBJECTS.outcome),
  event: inbox(),
} as const;

/** What all parts of an api-server use. */
export interface Context {
  readonly world: World<typeof SAYS>;
  /** Unique name of this api-server. */
  readonly instance: string;
  readonly limits: Limits;
  /** Runs a read once the view has everything that was acknowledged before. */
  readonly fresh: ConsistentReads['read'];
  /** Runs the writes of one object one after the other. */
  readonly writeQueues: WriteQueues;
}

/** One request to the store, with `storeTimeoutMs` as its deadline. */
export const askStore = <A>({ world, limits }: Pick<Context, 'world' | 'limits'>, said: Said<A>): Observable<A> =>
  world.ask(said, { timeoutMs: limits.storeTimeoutMs });

/** A value, or an observable of one. A rejection is thrown, or is the observable's error. */
export type Answer<T = unknown> = T | Observable<T>;

/** Maps an answer to another; synchronously if it is a plain value. */
export const andThen = <A, B>(answer: Answer<A>, next: (value: A) => Answer<B>): Answer<B> => {
  if (!(answer instanceof Observable)) return next(answer);
  return answer.pipe(
    mergeMap((value) => {
      const then = next(value as A);
      return then instanceof Observable ? then : [then];
    }),
  ) as Observable<B>;
};
