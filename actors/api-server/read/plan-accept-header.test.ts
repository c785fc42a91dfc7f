import { expect, it } from 'vitest';
import { METADATA_ONLY } from '../../../contracts/headers.ts';
import { LonelyApiServer } from '../../../test/support/lonely-api-server.ts';
import { answeredAs, planAccepted } from './plan-accept-header.ts';

it.each([
  { accept: undefined, verb: 'get', accepted: 'whole' },
  { accept: 'application/json', verb: 'watch', accepted: 'whole' },
  { accept: METADATA_ONLY, verb: 'patch', accepted: 'metadata' },
  {
    accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json',
    verb: 'get',
    accepted: 'metadata',
  },
  {
    accept:
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
    verb: 'list',
    accepted: 'whole',
  },
  {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    verb: 'get',
    accepted: 'metadata',
  },
  { accept: 'application/json; as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', verb: 'list', accepted: 'metadata' },
] as const)('$verb with Accept $accept: $accepted', ({ accept, verb, accepted }) => {
  expect(planAccepted(accept, verb)).toBe(accepted);
});

it.each([
  { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io', verb: 'list', named: 'Table' },
  { accept: 'application/json;as=PartialObjectMetadataList', verb: 'get', named: 'PartialObjectMetadataList' },
  { accept: METADATA_ONLY, verb: 'watch', named: 'PartialObjectMetadata' },
  { accept: 'application/json;as=', verb: 'get', named: 'nothing' },
] as const)('$verb with Accept $accept is refused', ({ accept, verb, named }) => {
  expect(() => planAccepted(accept, verb)).toThrow(`Accept asks for ${named};`);
});

it('what is no object stays as it is', () => {
  for (const answer of [{ kind: 'Status', status: 'Success', metadata: {} }, { text: 'log' }, undefined, 'text'])
    expect(answeredAs('metadata', answer)).toEqual(answer);
});

it('objects are answered by their metadata, refusals by a Status, and nothing is written for what cannot be answered', () => {
  const server = new LonelyApiServer();
  const headers = { Accept: METADATA_ONLY };
  const map = { metadata: { name: 'm', labels: { a: 'b' } }, data: { k: 'v' } };
  const created = server.ask('create', 'configmaps', ['default'], map, headers);
  expect(created).toEqual({
    apiVersion: 'meta.k8s.io/v1',
    kind: 'PartialObjectMetadata',
    metadata: expect.objectContaining({ name: 'm', labels: { a: 'b' }, resourceVersion: expect.any(String) }),
  });
  const listed = server.ask('list', 'configmaps', ['default'], undefined, headers);
  expect(listed).toMatchObject({ kind: 'PartialObjectMetadataList', items: [created] });
  expect(server.ask('get', 'configmaps', ['default', 'n'], undefined, headers)).toMatchObject({ reason: 'NotFound' });
  const other = { metadata: { name: 'n' } };
  const refused = server.ask('create', 'configmaps', ['default'], other, { Accept: 'x/y;as=Table' });
  expect(refused).toMatchObject({ code: 406, reason: 'NotAcceptable' });
  expect(server.ask('get', 'configmaps', ['default', 'n'])).toMatchObject({ reason: 'NotFound' });
});
