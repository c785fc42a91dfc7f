/** The person who typed the command must change it: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Nothing can be told of a recording, because of this: not to be taken for a difference found in it. */
export class UnplayableError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'UnplayableError';
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

/** Something was already told to the person; only the exit code is left to give. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.name = 'Exit';
    this.code = code;
  }
}
