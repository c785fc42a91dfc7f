import type { Status } from '../errors/status.ts';
import type { KubeObject } from '../kinds/kinds.ts';

/*
 * Bodies of `api.<caller>.<verb>.<resource>.<namespace>.<name>`. create, update and apply carry the object, patch the
 * patch; the other verbs carry these options (an empty body = none). Every question is answered by what is named here or
 * by a `Status` failure. With the header `Accept: application/*;as=PartialObjectMetadata;g=meta.k8s.io;v=v1` objects in answers to
 * get, list, create, update and patch are `PartialObjectMetadata`.
 */

/** An object without all but its metadata. */
export interface PartialObjectMetadata {
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly kind: 'PartialObjectMetadata';
  readonly metadata: NonNullable<KubeObject['metadata']>;
}

/** get: without resourceVersion the answer has every write acknowledged so far; "0" = whatever the cache has, at once. */
export interface GetOptions {
  /** The answer is at least this new. */
  readonly resourceVersion?: string;
}

/** list; answered by `KubeList`. Namespace `_` lists all namespaces. */
export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Most items of a page; a page ends at 512 KiB or 500 items anyway: go on while `metadata.continue` is there. */
  readonly limit?: number;
  /** `metadata.continue` of the page before; the pages of one list show one moment. 410 when that is too long ago. */
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface KubeList<T = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    /** Where a watch goes on from this list. */
    readonly resourceVersion: string;
    readonly continue?: string;
    /** Items after this page; left out when a selector filters. */
    readonly remainingItemCount?: number;
  };
  readonly items: readonly T[];
}

/**
 * delete. Answered by the object while it is on its way out (grace, finalizers), by a `Status` success when it is gone,
 * by a `KubeList` when a collection was deleted (name `_`, the namespace given).
 */
export interface DeleteOptions {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** Seconds >= 0; pods only. 0 = remove at once. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** Collections only. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * watch. The reply inbox gets a first BOOKMARK at once (the watch is open), then events, a BOOKMARK every 5 s and
 * one END or ERROR. Where it begins with objects they come in the order of their revisions, and the first BOOKMARK has
 * revision 0: who is cut off in between misses nothing from wherever she was. A bookmark that carries a reply subject wants an answer there (`WatchAck`): with too many events
 * unacknowledged the watch ends with ERROR 410; with three bookmarks unanswered it ends with END.
 * An api-server that is stopped says END, one that begins anew ERROR 410. One that is killed says nothing: a reader who has
 * heard nothing for 12 s, two bookmarks, asks again from the last `metadata.resourceVersion`; a reader who lost its connection does so
 * at once, and an api-server that lost its own says ERROR 410: what was sent just then may have reached nobody.
 * A watch that can't open is answered by a plain `Status` failure.
 */
export interface WatchOptions {
  /** Changes after this; without it (or "0") the watch begins with every object as ADDED. 410 when it is too long ago. */
  readonly resourceVersion?: string;
  /** Default and most: 3600. */
  readonly timeoutSeconds?: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Begin with every object as ADDED and a bookmark annotated `k8s.io/initial-events-end: "true"`. */
  readonly sendInitialEvents?: boolean;
  /** Accepted and ignored: bookmarks always come. */
  readonly allowWatchBookmarks?: boolean;
}

export type WatchEvent<T = KubeObject> =
  /** An object that stops to match the selectors is DELETED, one that begins to match is ADDED. */
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Everything up to `metadata.resourceVersion` was sent; a new watch may go on from there. */
  | { readonly type: 'BOOKMARK'; readonly object: WatchMark }
  /** The last message: time is up, or nobody acknowledged. Ask again from `metadata.resourceVersion`. */
  | { readonly type: 'END'; readonly object: WatchMark }
  /** The last message: 410 = list again. */
  | { readonly type: 'ERROR'; readonly object: Status };

export interface WatchMark {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** Published to the reply subject of a bookmark. */
export interface WatchAck {
  /** `metadata.resourceVersion` of the bookmark. */
  readonly resourceVersion: string;
}

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

/** What became of one document. */
export interface ApplyItem {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Exactly one of `outcome` and `status` is there. */
  readonly outcome?: ApplyOutcome;
  readonly status?: Status;
  /** Fields that were taken and are not acted upon, a line each; absent where there is none, and where nothing was changed. */
  readonly warnings?: readonly string[];
  /** The object as stored; only in answers to the verb `apply`. */
  readonly object?: KubeObject;
}

/** Answers the verb `apply` (one item) and `apply.<caller>.<namespace>` (one item a document, in their order). */
export interface ApplyResult {
  readonly apiVersion: 'troupe/v1';
  readonly kind: 'ApplyResult';
  readonly items: readonly ApplyItem[];
}

/** Body of `create pods/binding`; answered by a `Status` success. */
export interface Binding {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** `uid`: only if the pod is still the one that was meant. */
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
  readonly target: { readonly apiVersion?: string; readonly kind?: string; readonly name: string };
}

/** `autoscaling/v1` Scale: body and answer of get, update and patch of `deployments/scale` and `replicasets/scale`. */
export interface Scale {
  readonly apiVersion: 'autoscaling/v1';
  readonly kind: 'Scale';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
  };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}
