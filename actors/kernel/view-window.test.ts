import { expect, it } from 'vitest';
import { ViewWindow } from './view-window.ts';

const MINUTE = 60_000;

it("begins with the actor, and follows its checkpoints at ten minutes' distance", () => {
  const window = new ViewWindow(100);
  expect(window.at(0)).toBe(100);
  window.mark(0, 200);
  window.mark(1, 201); // too near to the one before
  window.mark(5 * MINUTE, 300);
  expect(window.at(9 * MINUTE)).toBe(100);
  expect(window.at(10 * MINUTE)).toBe(200);
  expect(window.at(14 * MINUTE)).toBe(200);
  expect(window.at(60 * MINUTE)).toBe(300);
  expect(window.at(90 * MINUTE)).toBe(300);
});
