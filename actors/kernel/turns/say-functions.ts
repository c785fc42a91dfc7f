import { HEADER, type Headers, METADATA_ONLY } from '../../../contracts/headers.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { AnySayDecl, Said, Says, Self, Target } from '../contract.ts';
import { EVERY_RESOURCE } from './pending-changes.ts';

/** The functions behind all of a definition's `says`. */
export const sayFunctions = (says: Readonly<Record<string, AnySayDecl>>, self: Self): Says<unknown> =>
  Object.fromEntries(Object.entries(says).map(([name, decl]) => [name, speaker(name, decl, self)]));

/** Makes the function behind one entry of `says`. */
function speaker(name: string, decl: AnySayDecl, self: Self): (...args: never[]) => Said {
  if (decl.say === 'api') {
    const start = `${self.prefix}.api.${token(self.caller)}.${decl.verb}`;
    const declared = decl.resource === EVERY_RESOURCE ? undefined : token(decl.resource);
    const headers: Headers = {
      ...(self.epoch === undefined ? {} : { [HEADER.epoch]: `${self.actor}:${self.epoch}` }),
      ...(decl.answeredBy === 'metadata' ? { [HEADER.accept]: METADATA_ONLY } : {}),
    };
    const plain = Object.keys(headers).length === 0;
    return (target: Target, body?: unknown) => ({
      kind: 'request',
      say: name,
      subject: `${start}.${declared ?? token(target.resource)}.${token(target.namespace)}.${token(target.name)}`,
      body,
      ...(plain ? {} : { headers }),
    });
  }
  if (decl.say === 'port')
    return (body: unknown) => ({ kind: 'port', say: name, subject: `${decl.driver}.${decl.op}`, body });
  if (decl.say === 'inbox') {
    return (subject: string, body: unknown, headers?: Headers) => ({
      kind: 'publish',
      say: name,
      subject,
      body,
      ...(headers === undefined ? {} : { headers }),
    });
  }
  const { family } = decl;
  if (family === undefined) throw new Error(`says.${name} names no family of subjects`);
  const kind = decl.say === 'publish' ? 'publish' : 'request';
  return (tokens: Record<string, string>, body: unknown) => ({
    kind,
    say: name,
    subject: family.subject(self.prefix, { ...decl.fixed, ...tokens }),
    body,
  });
}
