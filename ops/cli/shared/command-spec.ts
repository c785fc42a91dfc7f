import type { Terminal } from './terminal.ts';

/** One command as data: help, parsing and completion come from it. */
export interface CommandSpec<O = Readonly<Record<string, unknown>>> {
  /** `get`, or `user add` for a command below another. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** In commander's notation: `[resource...]`, `<name>`. */
  readonly args?: string;
  readonly description: string;
  readonly options?: readonly OptionSpec[];
  /** Further help, printed below the options. */
  readonly notes?: string;
  /** Command line -> what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Imports its code dynamically, so that other commands do not load it. */
  readonly run: (args: readonly string[], options: O, terminal: Terminal) => Promise<void>;
}

export interface OptionSpec {
  /** `-o, --output <format>` */
  readonly flags: string;
  readonly description: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
}

/** Option of every command that connects to a cluster. */
export const CONTEXT: OptionSpec = {
  flags: '--context <name>',
  description: 'NATS context to connect with, instead of TROUPE_HOME',
};

/** A command whose `run` names the type of its options, which must match `options`. */
export const command = <O>(spec: CommandSpec<O>): CommandSpec => spec as unknown as CommandSpec;

/** The name to show in suggested command lines: `npx troupe` when this process was started so, since `troupe` need not be on PATH. */
export const programName = (env: NodeJS.ProcessEnv = process.env): string =>
  env['npm_command'] === 'exec' ? 'npx troupe' : 'troupe';
