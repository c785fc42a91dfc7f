import type { Filter } from './plugin.ts';

/** A pod that names its node goes there or nowhere. */
export const filterNodeName: Filter = (pod, node) =>
  pod.nodeName === undefined || pod.nodeName === '' || pod.nodeName === node.name
    ? undefined
    : "node(s) didn't match the requested node name";
