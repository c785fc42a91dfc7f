import type { Readable, Writable } from 'node:stream';
import type { OutgoingChannel, Sink } from './channels.ts';

/**
 * Sends all that a stream gives, as fast as the receiver takes it, and then the channel's end. Never rejects: an error of the stream
 * ends the channel with its message.
 */
export async function pump(source: Readable, channel: OutgoingChannel): Promise<void> {
  try {
    // Of a two-way stream the other way may still be in use.
    for await (const bytes of source.iterator({ destroyOnReturn: false })) await channel.write(bytes as Uint8Array);
    channel.end();
  } catch (error) {
    channel.end((error as Error).message);
  }
}

/** Writes what arrives on a channel to a stream, as fast as it takes it. @param stream may still be on its way */
export function sinkOf(stream: Writable | Promise<Writable>): Sink {
  const coming = Promise.resolve(stream);
  coming.catch(() => undefined); // whoever opens the stream tells of its failure; here each write fails
  return {
    write: async (bytes) => {
      const writable = await coming;
      await new Promise<void>((resolve, reject) => {
        writable.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve()));
      });
    },
    end: () => {
      coming.then(
        (writable) => writable.end(),
        () => undefined,
      );
    },
  };
}
