import { expect, it } from 'vitest';
import { cpuMeter, processFigures } from './process-figures.ts';

it('what processes of nodes have spent is one sum', () => {
  const { pid } = process;
  const used = cpuMeter({ master: pid, nats: pid, nodes: [pid, pid, pid] });
  const began = processFigures(pid).cpuSeconds;
  while (processFigures(pid).cpuSeconds < began + 0.2);
  const { masterUs, nodesUs = 0 } = used(10);
  // Ticks of 10 ms may pass between two readings.
  expect(masterUs).toBeGreaterThan(15_000);
  expect(nodesUs / masterUs).toBeGreaterThan(2.5);
  expect(nodesUs / masterUs).toBeLessThan(3.5);
});
it('where no process hosts nodes none has spent anything', () => {
  const used = cpuMeter({ master: process.pid, nats: process.pid });
  expect(used(1)).not.toHaveProperty('nodesUs');
});
