/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A recording cannot be played; not to be confused with a difference found in it. */
export class UnplayableError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'UnplayableError';
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

/** Ends the command with an exit code; messages have been printed already. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.name = 'Exit';
    this.code = code;
  }
}
