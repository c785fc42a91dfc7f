import type { ListDigest } from '../store/list-digest.ts';
import type { Status } from '../errors/status.ts';
import type { CustomResourceColumnDefinition, KubeObject } from '../kinds/kinds.ts';

/*
 * Bodies of `api.<caller>.<verb>.<resource>.<namespace>.<name>`. The body of create, update and apply is the object, that of
 * patch is the patch; the other verbs take the options below (an empty body = no options). A request is answered with the
 * type named here, or with a `Status` failure. With the header
 * `Accept: application/*;as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, objects in the answers to get, list, create, update
 * and patch are `PartialObjectMetadata`.
 */

/** An object reduced to its metadata. */
export interface PartialObjectMetadata {
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly kind: 'PartialObjectMetadata';
  readonly metadata: NonNullable<KubeObject['metadata']>;
}

/** get. Without `resourceVersion` the answer reflects every write acknowledged so far; "0" = the cache as it is, at once. */
export interface GetOptions {
  /** The answer is at least this new. */
  readonly resourceVersion?: string;
}

/** list; answered by `KubeList`. Namespace `_` lists all namespaces. */
export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Most items per page. A page has at most 512 KiB or 500 items in any case: continue while `metadata.continue` is set. */
  readonly limit?: number;
  /** `metadata.continue` of the previous page. All pages of a list show the same revision; 410 when that has expired. */
  readonly continue?: string;
  readonly resourceVersion?: string;
  /** Answers with a `ListDigest` of all objects of the resource, in place of the objects. */
  readonly digest?: boolean;
}

/** Which objects of a resource exist at a revision, summarised. */
export interface ListDigestAnswer extends ListDigest {
  readonly apiVersion: 'troupe/v1';
  readonly kind: 'ListDigest';
  readonly metadata: { readonly resourceVersion: string };
}

export interface KubeList<T = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    /** Start a watch from this version to receive all changes after this list. */
    readonly resourceVersion: string;
    readonly continue?: string;
    /** Number of items after this page; absent with a selector. */
    readonly remainingItemCount?: number;
  };
  readonly items: readonly T[];
}

/**
 * delete. Answered with the object while it is terminating (grace period, finalizers), with a `Status` success when it is
 * gone, and with a `KubeList` for a collection (name `_`, with a namespace).
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
 * watch. The reply inbox receives a BOOKMARK at once (the watch is open), then events, a BOOKMARK every 5 s, and finally one
 * END or ERROR. A watch that cannot be opened is answered with a `Status` failure.
 *
 * - If the watch begins with existing objects, they arrive in the order of their revisions, and the first BOOKMARK has
 *   revision 0. A client that is disconnected in between can resume from the last revision it received.
 * - A bookmark with a reply subject must be acknowledged there (`WatchAck`). With too many unacknowledged events the watch
 *   ends with ERROR 410, with three unacknowledged bookmarks it ends with END.
 * - An api-server that stops sends END. One that restarts, or that lost its connection, sends ERROR 410, since events sent at
 *   that time may be lost. One that is killed sends nothing.
 * - A client that has received nothing for 12 s (two bookmarks) should open a new watch from the last
 *   `metadata.resourceVersion`; a client whose connection was lost should do so at once.
 */
export interface WatchOptions {
  /** Send changes after this version; absent or "0": begin with every object as ADDED. 410 when it has expired. */
  readonly resourceVersion?: string;
  /** Default and maximum: 3600. */
  readonly timeoutSeconds?: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Begin with every object as ADDED and a bookmark annotated `k8s.io/initial-events-end: "true"`. */
  readonly sendInitialEvents?: boolean;
  /** Accepted and ignored: bookmarks are always sent. */
  readonly allowWatchBookmarks?: boolean;
}

export type WatchEvent<T = KubeObject> =
  /** An object that no longer matches the selectors is DELETED, one that begins to match is ADDED. */
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Everything up to `metadata.resourceVersion` was sent; a new watch may go on from there. */
  | { readonly type: 'BOOKMARK'; readonly object: WatchMark }
  /** The last message: the timeout has passed, or bookmarks were not acknowledged. Resume from `metadata.resourceVersion`. */
  | { readonly type: 'END'; readonly object: WatchMark }
  /** The last message: 410 = list again. */
  | { readonly type: 'ERROR'; readonly object: Status };

export interface WatchMark {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** Acknowledges a bookmark; published to its reply subject. */
export interface WatchAck {
  /** `metadata.resourceVersion` of the bookmark. */
  readonly resourceVersion: string;
}

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

/** The result for one document. */
export interface ApplyItem {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Exactly one of `outcome` and `status` is set. */
  readonly outcome?: ApplyOutcome;
  readonly status?: Status;
  /** One line for each accepted field that has no effect; absent if there is none, or if nothing was changed. */
  readonly warnings?: readonly string[];
  /** The object as stored; only in answers to the verb `apply`. */
  readonly object?: KubeObject;
}

/** Answer to the verb `apply` (one item) and to `apply.<caller>.<namespace>` (one item per document, in their order). */
export interface ApplyResult {
  readonly apiVersion: 'troupe/v1';
  readonly kind: 'ApplyResult';
  readonly items: readonly ApplyItem[];
}

/** Body of `create pods/binding`; answered with a `Status` success. */
export interface Binding {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** `uid`: bind only if the pod has this uid. */
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

/** A served resource, as in Kubernetes' discovery. */
export interface ApiResource {
  /** Plural, without its group. */
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly string[];
  /** Of custom resources: the columns of their tables. A built-in kind has none here. */
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[];
}

/** The answer to `list apiresources`; of each kind the preferred version comes first. */
export interface ApiResourceList {
  readonly apiVersion: 'v1';
  readonly kind: 'APIResourceList';
  readonly resources: readonly ApiResource[];
}
