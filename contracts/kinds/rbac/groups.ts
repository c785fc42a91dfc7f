/* Groups of users, by their names in Kubernetes. */

/** Its members may do everything: no role is asked. */
export const MASTERS = 'system:masters';
/** Every user whose name was proved. */
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';
/** The user of a request without a user, and a member of UNAUTHENTICATED. */
export const ANONYMOUS = 'system:anonymous';
export const NODES = 'system:nodes';
