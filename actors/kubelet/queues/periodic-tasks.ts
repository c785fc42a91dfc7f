import { EMPTY, merge, type Observable, Subject } from 'rxjs';
import { catchError, ignoreElements, map, tap } from 'rxjs/operators';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Said, World } from '../../kernel/contract.ts';
import { coalesceByKey } from '../../kernel/reconcile/coalesce-by-key.ts';
import { KeyedTimers } from './keyed-timers.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;

/** `dispatch`: ask the dispatcher for the pod list. `list`: list the runtime. `node`: write the Node's status. */
export type TaskName = 'dispatch' | 'list' | 'node';
export interface Task {
  /** One run of the task. */
  readonly run: () => Observable<unknown>;
  /** @param failures in a row, this one included */
  readonly failed?: (error: unknown, failures: number) => void;
  /** Whether the failure is expected to pass by itself, so that it is reported without a warning. */
  readonly isPassing?: (error: unknown, failures: number) => boolean;
}

/** A time near `ms`, within a quarter of it, so that a thousand nodes that start together do not ask together. */
export const jittered = (world: World<unknown>, ms: number): number => Math.round(ms * (0.75 + world.random() / 2));

/** The kubelet's recurring tasks: one run of each at a time, with exponential back-off after a failure. */
export class PeriodicTasks {
  readonly #world: World<unknown>;
  readonly #requests = new Subject<TaskName>();
  readonly #timers: KeyedTimers;
  readonly #failures: Record<TaskName, number> = { dispatch: 0, list: 0, node: 0 };

  constructor(world: World<unknown>) {
    this.#world = world;
    this.#timers = new KeyedTimers(world);
  }

  /** Failures in a row. */
  failures(name: TaskName): number {
    return this.#failures[name];
  }

  /** Runs the task now; if it is running, once more after that run. */
  runNow(name: TaskName): void {
    this.#requests.next(name);
  }

  /** Runs the task `ms` from now, or earlier if it is due earlier. */
  runWithin(name: TaskName, ms: number): void {
    this.#timers.setWithin(name, ms);
    if (name === 'node') this.#nodeDueAt.set(this.#timers.at(name) ?? 0);
  }

  /** After a checkpoint: at the time that was set before it. A checkpoint alone must not write the Node's status. */
  resumeNode(): void {
    const dueAt = this.#nodeDueAt.get();
    if (dueAt === 0) this.runNow('node');
    else this.#timers.set('node', dueAt);
  }

  /** Runs what is requested or due. Never errors. */
  runAll(tasks: Readonly<Record<TaskName, Task>>): Observable<Said> {
    const due$ = this.#timers.due$.pipe(map((name) => name as TaskName));
    return merge(this.#requests, due$).pipe(coalesceByKey((name: TaskName) => this.#runOnce(name, tasks[name])));
  }

  get #nodeDueAt() {
    return this.#world.cell<number>('node-due-at', 0);
  }

  #runOnce(name: TaskName, task: Task): Observable<Said> {
    return task.run().pipe(
      tap({ complete: () => void (this.#failures[name] = 0) }),
      catchError((error: unknown) => {
        const failures = ++this.#failures[name];
        this.#world.report(name, error, { passing: task.isPassing?.(error, failures) === true });
        task.failed?.(error, failures);
        this.runWithin(name, jittered(this.#world, doubled(RETRY_FIRST_MS, failures, RETRY_MOST_MS)));
        return EMPTY;
      }),
      ignoreElements(),
    );
  }
}
