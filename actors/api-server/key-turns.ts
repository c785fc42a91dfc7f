import { Observable, type Subscription } from 'rxjs';

/** Runs `work` when its turn has come; it is told whether it had to wait. */
export type KeyTurns = <T>(key: string, work: (waited: boolean) => Observable<T>) => Observable<T>;

/**
 * One piece of work a key at a time, in the order in which it came. Keys do not wait for each other, and one at rest costs
 * nothing. What has waited must not rest on anything that was read before.
 */
export function keyTurns(): KeyTurns {
  const queues = new Map<string, (() => void)[]>();
  const passOn = (key: string): void => {
    const next = queues.get(key)?.shift();
    if (next === undefined) queues.delete(key);
    else next();
  };
  return (key, work) =>
    new Observable((out) => {
      let running: Subscription | undefined;
      let stage: 'waits' | 'runs' | 'left' = 'waits';
      const begin = (waited: boolean): void => {
        if (stage === 'left') return passOn(key);
        stage = 'runs';
        running = work(waited).subscribe(out);
      };
      const queue = queues.get(key);
      if (queue === undefined) {
        queues.set(key, []);
        begin(false);
      } else queue.push(() => begin(true));
      return () => {
        running?.unsubscribe();
        if (stage === 'runs') passOn(key);
        stage = 'left';
      };
    });
}
