import { homePaths, troupeHome } from '../boot/home.ts';
import { makeImages } from './images.ts';
import { setUp } from './setup.ts';

/**
 * Set-up before the tests. What is missing is named; the tests that need it will fail, they never skip themselves.
 * @returns exit code: 1 when something is missing and CI=true
 */
export async function prepare(): Promise<number> {
  const say = (text: string): void => console.log(`set-up: ${text}`);
  const lacks = await setUp(say);
  for (const { text } of lacks) console.error(`set-up: ${text}`);
  if (lacks.length > 0) return process.env['CI'] === 'true' ? 1 : 0;
  for (const image of await makeImages(homePaths(troupeHome()))) say(`made image ${image}`);
  return 0;
}
