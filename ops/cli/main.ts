import { Command, CommanderError, Option } from 'commander';
import { closest } from '../../contracts/did-you-mean.ts';
import { READING, RUNNING, WRITING } from './commands.ts';
import type { CommandSpec, OptionSpec } from './shared/command-spec.ts';
import { UsageError } from './shared/errors.ts';
import { parseBooleanFlags } from './shared/plan-boolean-flags.ts';
import { kubectlHint } from './shared/plan-kubectl-hints.ts';
import { leadingFlagsLast } from './shared/plan-leading-flags.ts';
import { renderError, USAGE } from './shared/render-error.ts';
import { processTerminal, type Terminal } from './shared/terminal.ts';

/** What is known of the command line when an error is printed. */
interface CurrentCommand {
  command: string;
  parsed?: Command;
  namespace?: string;
}

/**
 * Runs one command line. The code of a command is loaded when it runs, so that `troupe get` starts fast.
 * @param argv arguments after `troupe`
 * @returns the exit code: 0, 1 (refused or failed), 2 (wrong usage), 3 (a recording cannot be played), 130 (Ctrl-C)
 */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const current: CurrentCommand = { command: 'troupe' };
  const program = programFor(terminal, current);
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V'))
    return main(['version', '--client'], terminal);
  try {
    await program.parseAsync([...normalised(program, argv)], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const { lines, code } = renderError(current.command, error, current.namespace);
    for (const line of lines) terminal.tell(line);
    if (process.env['TROUPE_DEBUG'] === '1' && error instanceof Error) terminal.tell(error.stack ?? '');
    return code;
  }
}

/**
 * Rewrites what commander would misread: `-n team-a get pods`, which kubectl accepts; `help replay check`; and help on an unknown
 * command, for which commander would print the general help.
 */
function normalised(program: Command, argv: readonly string[]): readonly string[] {
  const words = leadingFlagsLast(argv);
  const [first, ...rest] = words;
  return untilUnknown(program, first === 'help' && rest.length > 0 ? [...rest, '--help'] : words);
}

/** The words up to the first unknown command. */
function untilUnknown(program: Command, words: readonly string[]): readonly string[] {
  let at = program;
  for (const [index, word] of words.entries()) {
    if (at.commands.length === 0 || at.registeredArguments.length > 0 || word === 'help' || word.startsWith('-')) break;
    const next = at.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined) return words.slice(0, index + 1);
    at = next;
  }
  return words;
}

const FIRST_STEPS = [
  ['troupe up', 'run a cluster on this machine'],
  ['troupe apply -f web.yaml', 'create the objects of a manifest'],
  ['troupe get pods -w', 'watch the pods'],
] as const;

function programFor(terminal: Terminal, current: CurrentCommand): Command {
  const program = new Command('troupe');
  program
    .description("Kubernetes' architecture as actors on NATS: run containers from manifests, observe every message.")
    .configureHelp({ showGlobalOptions: false })
    .helpCommand('help [command]', 'Show the help of a command')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.tell(text.trimEnd()),
      outputError: (text, write) => write(commanderError(current, text)),
    })
    .addHelpText('after', examplesText(FIRST_STEPS));
  trackCurrent(program, current);
  for (const [heading, commands] of [
    ['See:', READING],
    ['Change:', WRITING],
    ['Run:', RUNNING],
  ] as const) {
    program.commandsGroup(heading);
    for (const spec of commands) addCommand(program, spec, terminal, current);
  }
  return program;
}

const GROUPS: Readonly<Record<string, string>> = {
  auth: 'Ask about your rights',
  record: 'Show, export and import recordings',
  user: 'Manage the users',
};

/** Stores the command before it is parsed, so that its errors begin with its name. */
function trackCurrent(parent: Command, current: CurrentCommand): Command {
  return parent.hook('preSubcommand', (_, command) => {
    current.command = pathOf(command);
    current.parsed = command;
  });
}

function addCommand(program: Command, spec: CommandSpec, terminal: Terminal, current: CurrentCommand): void {
  const words = spec.name.split(' ');
  const last = words.pop() ?? spec.name;
  let parent = program;
  for (const word of words) {
    const known = parent.commands.find((one) => one.name() === word);
    parent = known ?? trackCurrent(parent.command(word).description(GROUPS[word] ?? ''), current);
  }
  // Options after the name of a subcommand belong to the subcommand, even if this command has the same ones.
  const command = trackCurrent(parent.command(last).description(spec.description).enablePositionalOptions(), current);
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const argument of (spec.args ?? '').split(' ').filter((text) => text !== '')) command.argument(argument);
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.addHelpText('after', `${spec.notes === undefined ? '' : `\n${spec.notes}\n`}${examplesText(spec.examples)}`);
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (argv) => {
    const flags = parseBooleanFlags(argv, spec.options?.map((option) => option.flags) ?? []);
    if ('problem' in flags) throw new UsageError(flags.problem);
    return parseOptions([...flags.argv]);
  };
  command.action(async () => {
    const { namespace } = command.opts<{ readonly namespace?: unknown }>();
    if (typeof namespace === 'string') current.namespace = namespace;
    await spec.run(command.args, command.opts(), terminal);
  });
}

function optionOf({ flags, description, many, choices }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (many === true)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  if (choices !== undefined) option.choices(choices);
  return option;
}

function examplesText(examples: readonly (readonly [string, string])[]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, what]) => `  ${line.padEnd(width)}   # ${what}`).join('\n')}`;
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** Commander's message in Troupe's form: one line, with a remedy. */
function commanderError({ command, parsed }: CurrentCommand, text: string): string {
  const finding = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  if (/^too many arguments for '(apply|create)'/.test(finding))
    return `${command}: takes no arguments; use -f <manifest>, a folder, or - for stdin`;
  const [word = ''] = parsed?.args ?? [];
  const near = closest(word, parsed?.commands.map((one) => one.name()) ?? []);
  if (near !== undefined && /^(too many arguments|unknown option)/.test(finding))
    return `${command}: there is no command "${word}"; did you mean "${command} ${near}"?`;
  const typed = command === 'troupe' ? /^unknown command '([^']+)'/.exec(finding)?.[1] : undefined;
  const instead = typed === undefined ? undefined : kubectlHint(typed);
  if (instead !== undefined) return `${command}: there is no command "${typed}"; ${instead}`;
  return `${command}: ${finding}; see "${command} --help"`;
}
