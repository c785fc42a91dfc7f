import type { Json, Self } from '../../../actors/kernel/contract.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';

type Config = Readonly<Record<string, unknown>>;

/** What is wrong with a configuration; `undefined`: nothing. */
type Check = (config: Config) => string | undefined;

const texts =
  (...names: readonly string[]): Check =>
  (config) => {
    const bad = names.find((name) => typeof config[name] !== 'string');
    return bad === undefined ? undefined : `${bad} is no text`;
  };

const figures = (config: Config): string | undefined => {
  const bad = Object.entries(config).find(([, value]) => typeof value !== 'number' || !(value >= 0));
  return bad === undefined ? undefined : `${bad[0]} is no number, 0 or more`;
};

const parts =
  (...names: readonly string[]): Check =>
  (config) => {
    const bad = names.find((name) => config[name] !== undefined && !isPlain(config[name]));
    return bad === undefined ? undefined : `${bad} is no object`;
  };

const limits: Check = (config) => {
  const finding = isPlain(config['limits']) ? figures(config['limits']) : undefined;
  return finding === undefined ? undefined : `limits.${finding}`;
};

/** Of the actors that are made from what they were configured with; the others have no configuration. */
const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  'api-server': [texts('instance'), parts('limits'), limits],
  kubelet: [texts('node', 'ip', 'version'), parts('capacity', 'labels')],
  'node-lifecycle': [figures],
};

/**
 * A recording may come from anywhere: what it says of its actor is checked before an actor is made from it.
 * @throws StatusError BadRequest, which names the field
 */
export function checkConfig({ actor, instance }: Pick<Self, 'actor' | 'instance'>, config: Json): void {
  const checks = Object.hasOwn(CHECKS, actor) ? CHECKS[actor] : undefined;
  if (checks === undefined) return;
  const finding = isPlain(config)
    ? checks.map((check) => check(config)).find((one) => one !== undefined)
    : 'it is no object';
  if (finding === undefined) return;
  throw statusError(
    'BadRequest',
    `make ${actor}/${instance} from its recorded configuration: ${finding}; this is no recording of such an actor, so export it again where it was recorded`,
  );
}
