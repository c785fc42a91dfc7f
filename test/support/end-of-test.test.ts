import { afterAll, expect, it } from 'vitest';
import { keepForFailure } from './failed-recordings.ts';

/*
 * Goal: of stories that run at once each stops its own cluster, whatever the others do meanwhile.
 * Method: one story ends its own while that of the story that began last is being stopped.
 */
const stopped: string[] = [];
const signal = () => {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { give, given };
};
const stopping = signal();
const asked = signal();

it.concurrent('a story that ends while another stops', async () => {
  const ended = keepForFailure(async () => ({}));
  await stopping.given;
  await ended(async () => void stopped.push('first'));
  asked.give();
});

it.concurrent('the story that began last', async () => {
  const ended = keepForFailure(async () => ({}));
  await ended(async () => {
    stopping.give();
    await asked.given;
    stopped.push('last');
  });
});

afterAll(() => expect(stopped).toEqual(['last', 'first']));
