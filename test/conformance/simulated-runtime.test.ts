import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import type { SimulatedRun } from '../../runtime-adapters/simulated/simulation-config.ts';
import { runtimeConformance } from './runtime.conformance.ts';

const IMAGE = 'troupe/conformance:simulated';
const MISSING = 'troupe/no-such-image:1';
const NODE = 'node-1';

runtimeConformance('simulated', () => {
  const engine = new SimulatedEngine({
    images: {
      [IMAGE]: {
        entrypoint: ['/bin/tool'],
        cmd: ['default'],
        env: { IMAGE_VAR: 'image' },
        present: true,
        run: tool,
        ports: [7000],
      },
    },
    otherImages: false,
    latencyMs: { runPodSandbox: [1, 3], createContainer: 1, startContainer: [0, 2] },
  });
  return Promise.resolve({
    adapter: () => engine.runtime(NODE),
    image: IMAGE,
    missingImage: MISSING,
    kill: (id) => Promise.resolve(engine.crash(NODE, id, 137)),
    cleanUp: () => Promise.resolve(),
  });
});

/** TOOL_SCRIPT and OTHER_SCRIPT, simulated. */
function tool([program, ...args]: readonly string[], env: Readonly<Record<string, string>>): SimulatedRun {
  if (program === '/bin/other') return { output: [{ atMs: 0, text: `other ${args.join(' ')}` }], exitAfterMs: 1 };
  if (program !== '/bin/tool') return { cannotStart: `exec "${program}": no such file or directory` };
  const ready = [{ atMs: 0, text: 'ready' }];
  switch (args[0]) {
    case 'exit':
      return { exitAfterMs: 1, exitCode: Number(args[1]) };
    case 'chatter':
      return {
        output: [1, 2, 3].flatMap((n) => [
          { atMs: n, text: `out-${n}` },
          { atMs: n, stream: 'stderr' as const, text: `err-${n}` },
        ]),
        exitAfterMs: 4,
      };
    case 'slow':
      return { output: ['first', 'second', 'third'].map((text, at) => ({ atMs: at * 20, text })), exitAfterMs: 60 };
    case 'listen':
    case 'serve':
      return { output: ready, stopExitCode: 0 };
    case 'stubborn':
      return { output: ready, ignoresTerm: true };
    default: {
      const texts = [`tool ${args.join(' ')}`, `VAR=${env['VAR'] ?? ''} IMAGE_VAR=${env['IMAGE_VAR'] ?? ''}`];
      return { output: texts.map((text) => ({ atMs: 0, text })), exitAfterMs: 1 };
    }
  }
}
