import { expect, it } from 'vitest';
import { failure } from '../../../contracts/errors/status.ts';
import { outcomeNamespace, planOutcomeEvent } from './plan-outcome-event.ts';

const status = failure('Forbidden', 'no');

it.each([
  { why: 'the own namespace of who has one', confined: 'a', item: { namespace: 'b', status }, place: 'a' },
  { why: 'the same of what names none', confined: 'a', item: { status }, place: 'a' },
  { why: 'that of the document', confined: '', item: { namespace: 'there', status }, place: 'there' },
  { why: 'where it was made, though the view is behind', confined: '', item: { namespace: 'new' }, place: 'new' },
  { why: 'not where nothing is', confined: '', item: { namespace: 'gone', status }, place: 'default' },
  { why: 'not what is no name', confined: '', item: { namespace: 'There', status }, place: 'default' },
  { why: 'not what is no name, in the subject either', confined: 'a b', item: { status }, place: 'default' },
  { why: 'default for what is in none', confined: '', item: {}, place: 'default' },
])('tells an outcome in $why', ({ confined, item, place }) => {
  expect(outcomeNamespace(confined, item, (name) => name === 'there')).toBe(place);
});

it.each([
  { name: 'web', named: /^web\.\w{12}$/, shown: 'web' },
  { name: 'a.b-c', named: /^a\.b-c\.\w{12}$/, shown: 'a.b-c' },
  { name: 'Web_1', named: /^web-1-\w{6}\.\w{12}$/, shown: 'Web_1' },
  { name: 'web 1', named: /^web-1-\w{6}\.\w{12}$/, shown: 'web 1' },
  { name: '...', named: /^\w{6}\.\w{12}$/, shown: '...' },
  { name: '\u001b[2J\u0007\nx', named: /^2j-x-\w{6}\.\w{12}$/, shown: ' [2J x' },
  { name: 'x'.repeat(1_000), named: /^x{200}-\w{6}\.\w{12}$/, shown: `${'x'.repeat(252)}…` },
  { name: '\u202ecod', named: /^cod-\w{6}\.\w{12}$/, shown: ' cod' },
])('an Event about $name has a name that is one', ({ name, named, shown }) => {
  const event = planOutcomeEvent({ kind: 'ConfigMap', name, status }, 'alice', 'a', 'api-server', 0);
  expect(event.metadata).toMatchObject({ name: expect.stringMatching(named) as string, namespace: 'a' });
  expect(event.involvedObject).toMatchObject({ kind: 'ConfigMap', name: shown, namespace: 'a' });
});

it('of two names that look the same when they are made fit, neither Event takes the place of the other', () => {
  const of = (name: string) => planOutcomeEvent({ name, status }, 'alice', 'a', 'api-server', 0).metadata.name;
  expect(of('Web_1')).not.toBe(of('web 1'));
});

it('cuts what a refusal quotes, and not in the middle of a character', () => {
  const long = failure('Forbidden', `${'a'.repeat(1_022)}😀${'b'.repeat(400_000)}`);
  const { message } = planOutcomeEvent({ status: long }, 'alice', 'a', 'api-server', 0);
  expect(message).toBe(`${'a'.repeat(1_022)} …`);
});
