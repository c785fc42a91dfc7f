/*
 * The public API, which external services import as `troupe`: declaring actors, hosting them, and Troupe's actors that can be
 * hosted elsewhere. See ops/docs/embedding.md.
 */

export { controllers } from '../../actors/controllers/registry.ts';
export { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
export type {
  Call,
  Cell,
  Changed,
  Json,
  Said,
  Stored,
  View,
  World,
} from '../../actors/kernel/contract.ts';
export { defineController, type Plan, type PlanContext } from '../../actors/kernel/controller.ts';
export {
  type ActorDefinition,
  api,
  apiForMetadata,
  calls,
  defineActor,
  latest,
  publish,
  request,
  watch,
} from '../../actors/kernel/declare.ts';
export { scheduler } from '../../actors/scheduler/scheduler.ts';
export { StatusError, statusError } from '../../contracts/errors/status.ts';
export { SUBJECTS } from '../../contracts/subjects/subjects.ts';
export { type HostActorsOptions, type HostedActors, hostActors } from './host-actors.ts';
