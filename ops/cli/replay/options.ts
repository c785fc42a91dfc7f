/** Flags of the `replay` commands, as typed. */
export interface ReplayOptions {
  readonly check?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly instance?: string;
  readonly level?: string;
  readonly key?: string;
  readonly context?: string;
  /** A module: what it exports as `actors` is played too. */
  readonly actors?: string;
  /** A file: an object as it was not. */
  readonly whatIf?: string;
  readonly full?: boolean;
  readonly turn?: string;
  /** A name, or `namespace/name`. */
  readonly about?: string;
  /** With `about`: the beginning of a uid. */
  readonly uid?: string;
  readonly interactive?: boolean;
  /** `true` without a port. */
  readonly inspectBrk?: string | boolean;
  readonly output?: string;
}
