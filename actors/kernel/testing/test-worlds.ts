import type { TestWorld } from './test-world.ts';

/** Told of every test world that is made: whoever runs tests shows their recordings when one fails. */
export const testWorlds: { made?: (world: TestWorld) => void } = {};
