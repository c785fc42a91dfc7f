import type { ProbeConfig, ProbeOutcome } from '../../../contracts/runtime/probes.ts';

/** The results of a probe so far. */
export interface Count {
  readonly outcome: ProbeOutcome;
  /** The latest result, and how often in a row. */
  readonly ok?: boolean;
  readonly times: number;
}

export const newCount = ({ containerId, kind }: ProbeConfig): Count => ({ outcome: { containerId, kind }, times: 0 });

/**
 * Counts one more result. The outcome changes when a threshold is reached. Pure.
 * @param failure  the message of a failure; `undefined` for a success
 * @see kubernetes pkg/kubelet/prober/worker.go: doProbe
 */
export function countResult(count: Count, config: ProbeConfig, failure: string | undefined): Count {
  const ok = failure === undefined;
  const times = count.ok === ok ? count.times + 1 : 1;
  const reached = times >= (ok ? config.successThreshold : config.failureThreshold);
  const result = reached ? (ok ? 'success' : 'failure') : count.outcome.result;
  const { containerId, kind } = count.outcome;
  return {
    outcome: {
      containerId,
      kind,
      ...(result === undefined ? {} : { result }),
      ...(failure === undefined ? {} : { failing: failure }),
    },
    ok,
    times,
  };
}
