import { expect, it } from 'vitest';
import { type StatusReason, statusError } from '../../../contracts/errors/status.ts';
import { renderError } from './render-error.ts';

it.each<{ reason: StatusReason; message: string; shown: string }>([
  { reason: 'NotFound', message: 'pods "nope" not found', shown: 'pods "nope" not found; see "troupe get pods"' },
  {
    reason: 'NotFound',
    message: 'deployments.apps "web" not found',
    shown: 'deployments.apps "web" not found; see "troupe get deployments.apps"',
  },
  {
    reason: 'NotFound',
    message: 'replicasets/scale "web" not found',
    shown: 'replicasets/scale "web" not found; see "troupe get replicasets"',
  },
  {
    reason: 'AlreadyExists',
    message: 'configmaps "web" already exists',
    shown: 'configmaps "web" already exists; "troupe apply" changes what exists',
  },
  {
    reason: 'BadRequest',
    message: 'previous terminated container "web" in pod "web-1" not found',
    shown:
      'previous terminated container "web" in pod "web-1" not found; it has not been restarted: leave out --previous for its current output',
  },
  { reason: 'NotFound', message: 'container "x" not found in pod web', shown: 'container "x" not found in pod web' },
  {
    reason: 'NotFound',
    message: 'there is no cluster in /h; `troupe up` makes one',
    shown: 'there is no cluster in /h; `troupe up` makes one',
  },
  { reason: 'Forbidden', message: 'pods "nope" not found', shown: 'pods "nope" not found' },
])('$reason $message', ({ reason, message, shown }) => {
  expect(renderError('troupe get', statusError(reason, message))).toEqual({
    lines: [`troupe get: ${shown}`],
    code: 1,
  });
});
