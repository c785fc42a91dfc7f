/** The phases of a pod that has run to its end, well or badly: none of its containers will run again. */
export const hasEnded = (phase: unknown): phase is 'Succeeded' | 'Failed' =>
  phase === 'Succeeded' || phase === 'Failed';
