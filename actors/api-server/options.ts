import { didYouMean } from '../../contracts/did-you-mean.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { DeleteOptions, GetOptions, ListOptions, WatchOptions } from '../../contracts/messages/api.ts';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import type { ExecOptions, PortForwardOptions } from '../../contracts/messages/sessions.ts';
import { quotable } from '../../contracts/printable.ts';
import { badRequest } from './api-errors.ts';

const PORT_MAX = 65_535;

type Check = (value: unknown) => string | undefined;
const text: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number, 0 or more';
const whole: Check = (value) => (Number.isSafeInteger(value) ? undefined : 'must be a whole number');
const revision: Check = (value) =>
  typeof value === 'string' && /^\d{0,15}$/.test(value)
    ? undefined
    : 'must be a resourceVersion that the server returned';
const policy: Check = (value) =>
  value === 'Background' || value === 'Foreground' || value === 'Orphan'
    ? undefined
    : 'must be Background, Foreground or Orphan';
const texts: Check = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? undefined : 'must be a list of strings';
const ports: Check = (value) =>
  Array.isArray(value) && value.every((one) => Number.isInteger(one) && one > 0 && one <= PORT_MAX)
    ? undefined
    : `must be a list of ports, 1 to ${PORT_MAX}`;
const size: Check = (value) =>
  isPlain(value) && count(value['width']) === undefined && count(value['height']) === undefined
    ? undefined
    : 'must be an object with width and height';
const preconditions: Check = (value) =>
  isPlain(value) &&
  Object.entries(value).every(
    ([name, one]) => (name === 'uid' || name === 'resourceVersion') && typeof one === 'string',
  )
    ? undefined
    : 'must be an object with uid, resourceVersion or both';

/** Ignored; clients put them into every body. */
const TYPE = { apiVersion: text, kind: text };
const SELECTORS = { labelSelector: text, fieldSelector: text };
const CHECKS = {
  get: { ...TYPE, resourceVersion: revision },
  'get pods/log': {
    ...TYPE,
    namespace: text,
    pod: text,
    podUid: text,
    container: text,
    follow: flag,
    previous: flag,
    tailLines: count,
    sinceTime: text,
    limitBytes: count,
  },
  'create pods/exec': {
    ...TYPE,
    container: text,
    command: texts,
    stdin: flag,
    stdout: flag,
    stderr: flag,
    tty: flag,
    size,
  },
  'create pods/portforward': { ...TYPE, ports },
  list: { ...TYPE, ...SELECTORS, limit: count, continue: text, resourceVersion: revision, digest: flag },
  delete: { ...TYPE, ...SELECTORS, gracePeriodSeconds: whole, propagationPolicy: policy, preconditions },
  watch: {
    ...TYPE,
    ...SELECTORS,
    resourceVersion: revision,
    timeoutSeconds: count,
    sendInitialEvents: flag,
    allowWatchBookmarks: flag,
  },
} as const satisfies Record<string, Readonly<Record<string, Check>>>;

interface OptionsOf {
  readonly get: GetOptions;
  /** Fields that the subject determines are ignored. */
  readonly 'get pods/log': Partial<LogQuery>;
  readonly 'create pods/exec': Partial<ExecOptions>;
  readonly 'create pods/portforward': Partial<PortForwardOptions>;
  readonly list: ListOptions;
  readonly delete: DeleteOptions;
  readonly watch: WatchOptions;
}

/** Parses a verb's options from its body; an empty body means no options. @throws StatusError BadRequest, naming the option */
export function parseOptions<V extends keyof OptionsOf>(verb: V, body: unknown): OptionsOf[V] {
  if (body === undefined || body === null) return {};
  if (!isPlain(body)) throw badRequest(`${verb}: the body must be an object of options, or empty`);
  const checks: Readonly<Record<string, Check>> = CHECKS[verb];
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw badRequest(`${verb}: unknown option "${quotable(name)}"; ${didYouMean(name, Object.keys(checks))}`);
    }
    if (value === undefined || value === null) continue;
    const finding = check(value);
    if (finding !== undefined) throw badRequest(`${verb}: option ${name} ${finding}`);
    if (!Object.hasOwn(TYPE, name)) options[name] = value;
  }
  return options as OptionsOf[V];
}
