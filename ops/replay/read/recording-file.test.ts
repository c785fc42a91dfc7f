import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { sealRec } from '../../../actors/kernel/journal/sealed-record.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { clusterKey } from '../../../contracts/store/sealed.ts';
import { journalSealer } from '../../boot/roles/journal-sealer.ts';
import { decodeRecordingFile, encodeRecordingFile } from './recording-file.ts';

const ours = clusterKey(new Uint8Array(32).fill(1));
const theirs = clusterKey(new Uint8Array(32).fill(2));

/** An actor that saw nothing of the store heard one message. */
function fileWith(turn: Pick<RecordedTurn, 'rec' | 'sealed'>): Uint8Array {
  const turns: RecordedTurn[] = [
    { n: 1, now: 1, view: {}, said: [], rec: { t: 'start' } },
    { n: 2, now: 2, view: {}, said: [], ...turn },
  ];
  const incarnation = {
    self: { actor: 'kubelet', instance: 'n1', caller: 'n1', prefix: 'troupe' },
    incarnation: 1,
    config: null,
    seed: [1, 2, 3, 4],
    window: 0,
    node: '20.0.0',
    icu: '78',
    build: '',
    driver: false,
  };
  const history = new MemoryHistory([]);
  return Buffer.concat([...encodeRecordingFile({ prefix: 'troupe', recordings: [{ incarnation, turns }], history })]);
}
const heard = {
  t: 'call',
  id: 'x',
  subject: 'troupe.node.n1.pods',
  headers: {},
  body: Buffer.from('a secret'),
} as const;

it("another cluster's key is refused, though no Secret but a message alone is sealed", () => {
  const file = fileWith(sealRec(heard, journalSealer(ours)));
  expect(decodeRecordingFile('x.troupe', file, ours).recordings).toHaveLength(1);
  expect(() => decodeRecordingFile('x.troupe', file, theirs)).toThrow(
    /^open x\.troupe: its secret data is sealed with another key than the one given; give cluster\.key of the home/,
  );
});

it('where nothing needs a key, any will do', () => {
  expect(decodeRecordingFile('x.troupe', fileWith({ rec: heard }), theirs).recordings).toHaveLength(1);
  expect(decodeRecordingFile('x.troupe', fileWith(sealRec(heard, undefined)), theirs).recordings).toHaveLength(1);
});

it('says which resources its history covers', () => {
  const history = new MemoryHistory([]);
  const told = (kinds?: ReadonlySet<string> | 'all') => {
    const content = { prefix: 'troupe', recordings: [], history, ...(kinds === undefined ? {} : { kinds }) };
    return decodeRecordingFile('x.troupe', Buffer.concat([...encodeRecordingFile(content)])).kinds;
  };
  expect(told(new Set(['pods', 'nodes']))).toEqual(new Set(['nodes', 'pods']));
  expect(told('all')).toBe('all');
  expect(told()).toBe('all');
});

it('a file that is still compressed is rejected with the command to decompress it', () => {
  const packed = gzipSync(fileWith({ rec: heard }));
  expect(() => decodeRecordingFile('x.troupe.gz', packed)).toThrow(
    'open x.troupe.gz: it is compressed with gzip; decompress it first: gunzip x.troupe.gz',
  );
});
