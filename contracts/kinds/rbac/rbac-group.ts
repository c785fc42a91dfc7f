/** API group of roles and their bindings, and of the users and groups that bindings name. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';
export const RBAC_VERSION = `${RBAC_GROUP}/v1`;
