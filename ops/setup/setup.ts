import { join } from 'node:path';
import { type HomePaths, homePaths, makePrivateFolder, troupeHome } from '../boot/home/home.ts';
import { installDocker, startDocker } from './docker.ts';
import { gatherFacts } from './facts.ts';
import { fetchPrograms } from './fetch-programs.ts';
import { type Program, planSetup, type SetupStep } from './plan-setup.ts';

/** A requirement that is not met; one line with a remedy. */
export interface Lack {
  readonly what: Program | 'engine';
  readonly text: string;
}

/** @returns a lack when the step failed or could not be taken */
async function take(step: SetupStep, paths: HomePaths, say: (text: string) => void): Promise<Lack | undefined> {
  const logFile = join(paths.logs, 'setup.log');
  switch (step.do) {
    case 'say':
      say(step.text);
      return undefined;
    case 'lack':
      return step;
    case 'fetch-programs':
      try {
        await fetchPrograms(paths, step.programs, step.mirrors, logFile, say);
        return undefined;
      } catch (error) {
        return { what: step.programs[0] ?? 'nats-server', text: (error as Error).message };
      }
    case 'install-docker':
    case 'start-docker':
      try {
        if (step.do === 'install-docker') await installDocker(logFile);
        else await startDocker(paths, step.by, logFile, say);
        return undefined;
      } catch (error) {
        return { what: 'engine', text: (error as Error).message };
      }
  }
}

/**
 * Gets what a cluster needs on this machine: a nats-server, a static busybox and a Docker engine.
 * @param say    called with one line before each step that changes the machine
 * @param signal stops before the next step once it is aborted
 * @returns what is still missing
 */
export async function setUp(say: (text: string) => void, signal?: AbortSignal): Promise<readonly Lack[]> {
  const paths = homePaths(troupeHome());
  const lacks: Lack[] = [];
  for (const step of planSetup(await gatherFacts())) {
    if (signal?.aborted === true) break;
    makePrivateFolder(paths.logs);
    if (step.do === 'start-docker' && lacks.some(({ what }) => what === 'engine')) continue;
    const lack = await take(step, paths, say);
    if (lack !== undefined) lacks.push(lack);
  }
  return lacks;
}
