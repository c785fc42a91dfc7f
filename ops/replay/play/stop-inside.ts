import { type SchedulerAction, type SchedulerLike, type Subscription, tap } from 'rxjs';
import type { ActorDefinition, World } from '../../../actors/kernel/replay-api.ts';
import { stopHere } from './debugger/stop-here.ts';

/**
 * The same actor, in which an attached debugger stops where a turn enters the behaviour: at an input, an answer or a timer.
 * Stepping in from there leads to the actor's own code.
 * @param isHere called whenever the behaviour is entered; whether to stop
 */
export function stopInside(definition: ActorDefinition, isHere: () => boolean): ActorDefinition {
  const stop = (): void => {
    if (isHere()) stopHere();
  };
  return {
    ...definition,
    behave: (inputs, world) => {
      const stopping = Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [name, input.pipe(tap(stop))]),
      ) as typeof inputs;
      const stoppingWorld = { ...world, ask: askStopping(world, stop), scheduler: schedulerStopping(world, stop) };
      stop(); // last, after the preparation
      return definition.behave(stopping, stoppingWorld);
    },
  };
}

/** Answers enter through the observable that `ask` returned. */
const askStopping =
  (world: World<unknown>, stop: () => void): World<unknown>['ask'] =>
  (said, options) =>
    world.ask(said, options).pipe(tap({ next: stop, error: stop }));

/** Timers enter through the scheduled work. */
const schedulerStopping = ({ scheduler }: World<unknown>, stop: () => void): SchedulerLike => ({
  now: () => scheduler.now(),
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription =>
    scheduler.schedule<T>(
      function (this: SchedulerAction<T>, given?: T) {
        stop();
        work.call(this, given);
      },
      delay,
      state,
    ),
});
