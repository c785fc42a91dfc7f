import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatusError } from '../errors/status.ts';
import { eventKind } from '../kinds/event/event.ts';
import type { Pod } from '../kinds/kinds.ts';
import { podKind } from '../kinds/pod/pod.ts';
import { matchesFields, parseFieldSelector } from './field-selector.ts';

const POD: Pod = {
  metadata: { name: 'web-1', namespace: 'team' },
  spec: { containers: [], nodeName: 'node-1' },
  status: { phase: 'Running' },
};

describe('field selectors', () => {
  it.each([
    ['', true],
    ['metadata.name=web-1', true],
    ['metadata.name==web-1,metadata.namespace=team', true],
    ['spec.nodeName=node-2', false],
    ['spec.nodeName=', false],
    ['spec.nodeName!=', true],
    ['status.phase!=Running', false],
    ['status.phase!=Failed,status.phase!=Succeeded', true],
    ['status.podIP=', true],
    [' metadata.name = web-1 , metadata.namespace != other ', true],
    ['metadata.name=a\\,b', false],
  ])('%s', (text, matches) => {
    expect(matchesFields(podKind, parseFieldSelector(podKind, text), POD)).toBe(matches);
  });

  it('reads the fields of each kind', () => {
    const event = { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'web-1' } };
    const requirements = parseFieldSelector(eventKind, 'involvedObject.kind=Pod,involvedObject.name=web-1');
    expect(matchesFields(eventKind, requirements, event)).toBe(true);
  });

  it.each([
    [
      'spec.foo=1',
      'field label not supported: spec.foo; pods can be selected by metadata.name, metadata.namespace, spec.nodeName',
    ],
    ['constructor=1', 'field label not supported: constructor'],
    ['metadata.name', 'is not a condition; write e.g. metadata.name=web'],
    ['metadata.name=a\\b', 'is not an escape'],
  ])('refuses %s', (text, why) => {
    expect(() => parseFieldSelector(podKind, text)).toThrow(why);
  });

  it.each(['a'.padEnd(200_000), `metadata.name=${'='.padStart(200_000)}`, `${' '.repeat(200_000)}=`])(
    'refuses at once a long one that is none (%#)',
    (text) => expect(() => parseFieldSelector(podKind, `${text}x`)).toThrow('field selector'),
  );

  it('only ever refuses with BadRequest', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseFieldSelector(podKind, text);
        } catch (error) {
          expect((error as StatusError).reason).toBe('BadRequest');
        }
      }),
    );
  });
});
