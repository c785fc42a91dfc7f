import { describe, expect, it } from 'vitest';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { findKind } from '../served-kinds.ts';
import { withIdentity } from './object-identity.ts';

const target = (resource: string, namespace: string, name: string) => ({
  ...findKind(BUILT_IN, resource),
  namespace,
  name,
});
const POD = { metadata: { name: 'web', namespace: 'team' } };

describe('withIdentity', () => {
  it.each([
    { why: 'the subject names it', to: ['', ''], body: POD, is: POD.metadata },
    { why: 'and both may', to: ['team', 'web'], body: POD, is: POD.metadata },
    { why: 'the object names nothing', to: ['team', 'web'], body: {}, is: POD.metadata },
    { why: 'nobody names it yet', to: ['team', ''], body: {}, is: { namespace: 'team' } },
  ])('$why', ({ to: [namespace = '', name = ''], body, is }) => {
    const object = withIdentity(target('pods', namespace, name), body);
    expect(object).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata: is });
  });

  it.each([
    { why: 'another kind', body: { ...POD, kind: 'Node' }, says: /kind is "Node", but .* holds Pod objects/ },
    { why: 'another version', body: { ...POD, apiVersion: 'v2' }, says: /apiVersion is "v2", but .* is of v1/ },
    { why: 'another namespace', body: { metadata: { namespace: 'b' } }, says: /\(b is not team\)/ },
    {
      why: 'another name',
      body: { metadata: { name: 'b' } },
      says: /name of the object \(b\) does not match .*\(web\)/,
    },
    { why: 'metadata that are none', body: { metadata: [] }, says: /metadata must be an object/ },
    { why: 'a list', body: [], says: /body must be a Pod object/ },
  ])('$why is refused', ({ body, says }) => {
    expect(() => withIdentity(target('pods', 'team', 'web'), body)).toThrow(says);
  });

  it('what is in no namespace is put into none', () => {
    expect(withIdentity(target('nodes', '', 'n1'), {}).metadata).toEqual({ name: 'n1' });
  });
});
