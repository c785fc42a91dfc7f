import type { ContainerSecurity } from '../../contracts/runtime/security.ts';
import {
  fields,
  filledText,
  flag,
  list,
  oneOf,
  optional,
  type Parse,
  refuse,
  text,
  wholeNumber,
} from './parse-fields.ts';

/** The largest id of a user or group. */
const ID_MAX = 2 ** 31 - 1;
const id = wholeNumber(0, ID_MAX);

/** A file below the node's folder of profiles. */
const profile: Parse<string> = (value, path) => {
  const found = filledText(value, path);
  const leaves = found.startsWith('/') || found.split('/').includes('..') || found.includes('\0');
  return leaves ? refuse(path, 'a relative path without ".."', value) : found;
};

const seccomp: Parse<NonNullable<ContainerSecurity['seccomp']>> = (value, path) => {
  const { type } = fields<{ readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost' }>({
    type: oneOf('RuntimeDefault', 'Unconfined', 'Localhost'),
  })(value, path);
  if (type !== 'Localhost') return { type };
  return { type, ...fields<{ readonly localhost: string }>({ localhost: profile })(value, path) };
};

/** Reads `ContainerConfig.security`. @throws StatusError BadRequest */
export const security = fields<ContainerSecurity>({
  user: optional(id),
  group: optional(id),
  groups: optional(list(id)),
  nonRoot: optional(flag),
  privileged: optional(flag),
  addCapabilities: optional(list(filledText)),
  dropCapabilities: optional(list(filledText)),
  noNewPrivileges: optional(flag),
  readOnlyRootFilesystem: optional(flag),
  seccomp: optional(seccomp),
  appArmor: optional(text),
  unmaskedProc: optional(flag),
});
