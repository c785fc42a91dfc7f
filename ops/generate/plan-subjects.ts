import { DEFAULT_PREFIX, SUBJECTS, type SubjectName } from '../../contracts/subjects/subjects.ts';

/** The types of a subject's message and answer in contracts/, or a description. */
interface Payload {
  readonly question: string;
  readonly answer?: string;
}

/** Subjects whose payload depends on a token, or is not a TypeScript type. */
const IN_WORDS: Partial<Record<SubjectName, Payload>> = {
  api: { question: 'depends on the verb, see below', answer: 'depends on the verb, see below' },
  edge: { question: 'as of `api`', answer: 'as of `api`' },
  apply: { question: 'a manifest: YAML with any number of documents, or JSON', answer: '`ApplyResult`' },
  outcome: { question: '`ApplyResult`' },
  changes: { question: 'the object as stored, JSON; empty when it was deleted. Secret data is sealed' },
  nodeSessions: { question: '`SessionRequest`', answer: 'an empty object' },
  session: {
    question:
      'on `control`: `SessionControl`; on any other channel: bytes as they are, in chunks of at most 64 KiB (`SessionChunk`)',
  },
  sessionOutput: { question: 'the same, and on `exit`, at the end, `SessionExit`' },
  nodeMetrics: { question: 'nothing', answer: '`NodeUsage`' },
  nodeNetwork: { question: 'nothing', answer: '`NodeAddresses`' },
  events: { question: 'the Event as stored, JSON; empty when it was deleted' },
  runtime: { question: 'depends on the operation, see below', answer: 'depends on the operation, see below' },
  actor: {
    question: 'nothing',
    answer: '`ActorStats` (actors/kernel/live/actor-stats.ts); its `account`, of the store: `StoreStats`',
  },
  reconnected: { question: 'nothing' },
  stopping: { question: 'nothing' },
  left: { question: 'the cells by name' },
  checkpoints: {
    question:
      'lines of JSON, a `ChunkHeader` and then `ChunkEntry`s; `end`: a `CheckpointEnd` (actors/store/plan-checkpoint.ts). Secret data is sealed',
  },
  journaled: { question: 'nothing' },
  journal: {
    question: 'a `Segment` (actors/kernel/journal/journal.ts), in the format of actors/kernel/journal/segment.ts',
  },
};

/** Verb -> body and answer. Any verb may be answered by a failure `Status` instead. */
const VERB_PAYLOADS: readonly (readonly [verb: string, body: string, answer: string])[] = [
  ['`create`', 'the object', 'the object as stored'],
  ['`create` of `pods/binding`', '`Binding`', '`Status` success'],
  ['`get`', '`GetOptions`', 'the object'],
  ['`get` of `…/scale`', '`GetOptions`', '`Scale`'],
  ['`get` of `pods/log`', '`LogQuery`', '`LogLines`'],
  ['`create` of `pods/exec`', '`ExecOptions`', '`SessionOpened`'],
  ['`create` of `pods/portforward`', '`PortForwardOptions`', '`SessionOpened`'],
  ['`list`', '`ListOptions`', '`KubeList`'],
  ['`update`', 'the object, or `Scale`', 'the object as stored, or `Scale`'],
  ['`patch`', 'a JSON merge patch, or a JSON patch (a list)', 'the object as stored, or `Scale`'],
  ['`delete`', '`DeleteOptions`', 'the terminating object, `Status` success, or `KubeList`'],
  ['`apply`', 'the wanted object', '`ApplyResult` of one item'],
  ['`watch`', '`WatchOptions`', '`WatchEvent`s on the reply inbox'],
];

const TYPES: readonly (readonly [file: string, names: readonly string[]])[] = [
  [
    'contracts/messages/api.ts',
    [
      'GetOptions',
      'ListOptions',
      'KubeList',
      'DeleteOptions',
      'WatchOptions',
      'WatchEvent',
      'WatchMark',
      'WatchAck',
      'ApplyOutcome',
      'ApplyItem',
      'ApplyResult',
      'Binding',
      'Scale',
    ],
  ],
  ['contracts/messages/logs.ts', ['LogQuery', 'LogLine', 'LogLines']],
  ['contracts/messages/node.ts', ['NodeHeartbeat', 'NodePods', 'DispatchedPod', 'DispatchQuery', 'DispatchAnswer']],
  ['contracts/messages/runtime.ts', ['RuntimeEvent']],
  ['contracts/messages/store.ts', ['StoreStats']],
  ['contracts/runtime/ops.ts', ['RuntimeOps']],
];

/** The files that `planSubjects` needs. */
export const SUBJECT_SOURCES = [
  'contracts/subjects/subjects.ts',
  'contracts/headers.ts',
  'contracts/store/stored-headers.ts',
  ...TYPES.map(([file]) => file),
] as const;

/** Name of a subject -> the types in `family<Question, Answer>()` in the registry's source. */
function declaredPayloads(source: string): ReadonlyMap<string, Payload> {
  const found = new Map<string, Payload>();
  for (const [, name = '', question = '', answer] of source.matchAll(
    /^ {2}(\w+): family<(\w+|\{.*\})(?:, (\w+))?>/gm,
  )) {
    found.set(name, { question: `\`${question}\``, ...(answer === undefined ? {} : { answer: `\`${answer}\`` }) });
  }
  return found;
}

/** The declaration of a type with the comment before it. */
function declaration(source: string, file: string, name: string): string {
  const lines = source.split('\n');
  const at = lines.findIndex((line) => new RegExp(`^export (interface|type) ${name}\\b`).test(line));
  if (at < 0) throw new Error(`${file} has no type ${name}; change TYPES in ops/generate/plan-subjects.ts`);
  let from = at;
  if (lines[at - 1]?.endsWith('*/') === true) {
    do from--;
    while (from > 0 && lines[from]?.startsWith('/**') !== true);
  }
  const last = lines[at]?.startsWith('export interface') === true ? '}' : ';';
  let depth = 0;
  for (let to = at; to < lines.length; to++) {
    const line = lines[to] ?? '';
    depth += line.split('{').length - line.split('}').length;
    if (depth === 0 && line.endsWith(last)) return lines.slice(from, to + 1).join('\n');
  }
  throw new Error(`${file}: the declaration of ${name} has no end`);
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

function subjectRows(declared: ReadonlyMap<string, Payload>): readonly (readonly string[])[] {
  return Object.entries(SUBJECTS).map(([name, { template, mode, heardBy, doc }]) => {
    const payload = IN_WORDS[name as SubjectName] ?? declared.get(name);
    if (payload === undefined || payload.question === '`unknown`') {
      throw new Error(`subject ${name}: its payload has no type; name it in IN_WORDS in ops/generate/plan-subjects.ts`);
    }
    const answer = payload.answer ?? (mode === 'request' ? '`Status`' : '–');
    return [`\`${DEFAULT_PREFIX}.${template}\``, mode, heardBy, payload.question, answer, doc];
  });
}

/** Rows from the entries `name: 'Value'` of a table of headers, each with the comment before it. */
const headerRows = (source: string): readonly (readonly string[])[] =>
  [...source.matchAll(/(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n)? {2}\w+: '([\w-]+)',/g)].map(([, doc, name = '']) => {
    if (doc === undefined) throw new Error(`header ${name}: it has no description; write a comment before it`);
    return [`\`${name}\``, doc.replaceAll(/\s*\n \s*\*? ?/g, ' ').trim()];
  });

const INTRO = `# Subjects

Generated by \`npm run generate\` from [contracts/subjects/subjects.ts](../../contracts/subjects/subjects.ts); a test
fails when this page is older than the registry. Everything lives under one prefix, \`${DEFAULT_PREFIX}\` by default.

- \`<caller>\` is the NATS user. The server lets a user publish only subjects that carry its own name there, so this token,
  and no header, identifies the sender.
- \`<resource>\` is the plural, with the group for kinds that are not Kubernetes' own and a subresource after a slash.
- One escape serves every token: bytes outside \`[A-Za-z0-9_-]\` become \`=XX\` (\`pods/log\` is \`pods=2Flog\`, \`a.b\` is
  \`a=2Eb\`), and \`_\` alone stands for an empty one. \`troupe decode <subject>\` shows the parts of a subject.
- Bodies are JSON, YAML or MessagePack, identified by \`Content-Type\` or, without one, by the first byte. Answers and the
  events of a watch have the encoding of the request (JSON for an empty request). Actors use MessagePack among themselves;
  an empty body means no options.
- Every request may be answered by a failure \`Status\` instead; see [errors.md](errors.md).
- Replies go to the caller's private inboxes, \`_INBOX.<user>.>\`; a client must connect with that inbox prefix. On a server
  with users, a request of \`<caller>\` whose reply subject is elsewhere is ignored.
- The permissions of users are derived from what actors declare; see [security.md](security.md).`;

/**
 * The page of subjects. Pure.
 * @param sources text of every file in SUBJECT_SOURCES
 * @throws Error when a subject has a payload that the page cannot describe
 */
export function planSubjects(sources: Readonly<Record<string, string>>): string {
  const source = (file: string): string => sources[file] ?? '';
  const declared = declaredPayloads(source('contracts/subjects/subjects.ts'));
  const types = TYPES.map(([file, names]) => {
    const text = names.map((name) => declaration(source(file), file, name)).join('\n\n');
    return `### ${file}\n\n\`\`\`ts\n${text}\n\`\`\``;
  });
  return `${[
    INTRO,
    table(['subject', 'mode', 'heard by', 'body', 'answer', 'what'], subjectRows(declared)),
    '## Bodies of `api` by verb',
    table(['verb', 'body', 'answer'], VERB_PAYLOADS),
    '## Headers',
    'All are optional in what a client sends. Actors set version, id, sender, trace and encoding, and the others where they have a meaning.',
    table(['header', 'what'], headerRows(source('contracts/headers.ts'))),
    'Writes of the store carry these, and so do their messages on `changes`:',
    table(['header', 'what'], headerRows(source('contracts/store/stored-headers.ts'))),
    '## Types',
    "As the code declares them. Objects of kinds are in `contracts/kinds/generated/types.ts`, operations' configurations and statuses in `contracts/runtime/`.",
    ...types,
  ].join('\n\n')}\n`;
}
