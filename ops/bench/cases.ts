import { benchApi } from './api.ts';
import type { BenchCase } from './bench-case.ts';
import { benchSchedule } from './schedule.ts';

export const CASES: readonly BenchCase[] = [
  { name: 'api', about: 'create and get with 10,000 objects stored, beside the bare broker', run: benchApi },
  { name: 'schedule', about: 'create -> bound of 5,000 pods on 1,000 nodes, recorded or not', run: benchSchedule },
];
