export interface ObjectMeta {
  name?: string;
  namespace?: string;
  resourceVersion?: string;
}
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}
export type Pod = KubeObject;
export interface ResourceTypes {
  pods: Pod;
}
export type ResourceName = keyof ResourceTypes;
