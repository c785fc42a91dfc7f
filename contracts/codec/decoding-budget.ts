/** Deepest nesting of maps and lists: no manifest needs more, and recursive code must stay within its stack. */
export const DEPTH_MAX = 256;

/** What a message consists of. */
export interface MessageParts {
  /** Maps and lists. */
  readonly containers: number;
  /** Keys of maps. */
  readonly names: number;
  /** Texts, numbers, booleans and nulls that are no keys. */
  readonly scalars: number;
}

/** Work in units of about 30 ns on a 2-core EPYC: most of a map's cost are names that V8 has not seen before. */
const WORK = { container: 6, name: 10, scalar: 3 } as const;
/** About 150 ms. */
const WORK_MOST = 5_000_000;
/** Bytes of memory, besides those of the texts. */
const MEMORY = { container: 64, name: 24, scalar: 16 } as const;
const MEMORY_PER_BYTE = 20;
/** A short message may be all containers. */
const MEMORY_FREE = 1024 * 1024;

/**
 * Does a message with these parts cost more to decode than a message may: some 150 ms of CPU, and 20 times its length in
 * memory? Pure. @param bytes length of the message
 * @returns the finding, with a remedy; `undefined` when it may be decoded
 */
export function overBudget(parts: MessageParts, bytes: number): string | undefined {
  const { containers, names, scalars } = parts;
  const work = containers * WORK.container + names * WORK.name + scalars * WORK.scalar;
  if (work > WORK_MOST) return `${found(parts)} are more than one message may hold; send fewer objects at a time`;
  const memory = containers * MEMORY.container + names * MEMORY.name + scalars * MEMORY.scalar;
  if (memory > MEMORY_PER_BYTE * bytes + MEMORY_FREE)
    return `${found(parts)} in ${bytes} bytes would take too much memory; send fewer at a time`;
  return undefined;
}

const found = ({ containers, names, scalars }: MessageParts): string =>
  `${containers} maps and lists, ${names} keys and ${scalars} values`;

export const tooDeep = (place: string): string => `${place} nested deeper than ${DEPTH_MAX} levels`;
