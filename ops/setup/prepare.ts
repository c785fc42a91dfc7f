import { homePaths, troupeHome } from '../boot/home/home.ts';
import { makeImages } from './images.ts';
import { setUp } from './setup.ts';

/**
 * Sets the machine up for the tests. Reports what is missing; tests that need it will fail, since they never skip themselves.
 * @returns exit code: 1 when something is missing and CI=true
 */
export async function prepare(): Promise<number> {
  const say = (text: string): void => console.log(`set-up: ${text}`);
  const problems: string[] = [];
  try {
    problems.push(...(await setUp(say)).map(({ text }) => text));
    if (problems.length === 0) {
      for (const image of await makeImages(homePaths(troupeHome()))) say(`built image ${image}`);
    }
  } catch (error) {
    problems.push((error as Error).message);
  }
  for (const text of problems) console.error(`set-up: ${text}`);
  return problems.length > 0 && process.env['CI'] === 'true' ? 1 : 0;
}
