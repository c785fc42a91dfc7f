import { expect, it } from 'vitest';
import type { SessionControl } from '../../../contracts/messages/sessions.ts';
import { BEAT_MS, SessionPeer, SILENCE_MS } from './session-peer.ts';

/** A peer whose messages are kept. */
function peer() {
  const controls: SessionControl[] = [];
  const made = new SessionPeer({ chunk: () => undefined, control: (control) => controls.push(control) }, 0);
  return { peer: made, controls };
}

it('says that it is there every 5 s, and how far its channels are', async () => {
  const { peer: one, controls } = peer();
  one.receive('stdin', { write: () => undefined, end: () => undefined });
  await one.send('stdout').write(new Uint8Array(3));
  one.heardChunk('stdin', { offset: 0, bytes: new Uint8Array(2) }, 1);
  await one.drained();
  one.tick(BEAT_MS - 1);
  expect(controls).toEqual([]);
  one.tick(BEAT_MS);
  one.tick(BEAT_MS + 1);
  expect(controls).toEqual([{ taken: { stdin: 2 }, sent: { stdout: 3 } }]);
  expect([one.bytesSent, one.bytesReceived]).toEqual([3, 2]);
});

it('gives up a side that has been silent for 15 s', () => {
  const { peer: one } = peer();
  one.heardControl({}, 1_000);
  one.tick(SILENCE_MS);
  expect(() => one.tick(1_000 + SILENCE_MS)).toThrow('the other side of the session was silent for 15 s');
});

it('forgets channels that both sides have done with', async () => {
  const { peer: one, controls } = peer();
  one.receive('80-1', { write: () => undefined, end: () => undefined });
  const out = one.send('80-1');
  out.end();
  one.heardChunk('80-1', { offset: 0, bytes: new Uint8Array(0), end: 'ok' }, 1);
  await one.drained();
  one.heardControl({ taken: { '80-1': 1 } }, 1);
  one.beat(2);
  expect(controls.at(-1)).toEqual({ taken: {}, sent: {} });
  expect(one.isOpen('80-1')).toBe(false);
});

it('notices what was lost, though nothing more comes', () => {
  const { peer: one } = peer();
  one.receive('stdin', { write: () => undefined, end: () => undefined });
  expect(() => one.heardControl({ sent: { stdin: 7 } }, 1)).toThrow('bytes 0 to 7 were lost on the way');
  one.heardControl({ sent: { unknown: 7 } }, 1);
});
