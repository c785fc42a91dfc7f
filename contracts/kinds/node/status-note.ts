import type { EventNote } from '../event/make-event.ts';

/** That a node is ready now, or no longer: Kubernetes' words, and behind them why, where that is known. */
export const statusNote = (name: string, reason: 'NodeReady' | 'NodeNotReady', why?: string): EventNote => ({
  type: 'Normal',
  reason,
  message: `Node ${name} status is now: ${reason}${why === undefined ? '' : `: ${why}`}`,
});
