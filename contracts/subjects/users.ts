const NODE = 'node-';

/** The name of a node's NATS user, and so its `<caller>`. No tenant is called so. */
export const nodeUser = (node: string): string => `${NODE}${node}`;

/** The node whose user this is; `undefined` for anybody else. */
export const nodeOfUser = (user: string): string | undefined =>
  user.startsWith(NODE) ? user.slice(NODE.length) : undefined;

/** The user of the person who runs the cluster. */
export const OPERATOR = 'operator';
/** The user of the control plane's processes. */
export const MASTER = 'master';
