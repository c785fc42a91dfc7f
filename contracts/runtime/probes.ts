import type { PodRef } from './references.ts';

export const PROBE_KINDS = ['startup', 'readiness', 'liveness'] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

export interface HttpProbe {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
}

/** How a probe finds out. Exactly one field is set. */
export interface ProbeHandler {
  /** Succeeds when the command exits with 0. */
  readonly exec?: { readonly command: readonly string[] };
  /** Succeeds with a status from 200 to 399. */
  readonly httpGet?: HttpProbe;
  /** Succeeds when the port accepts a connection. */
  readonly tcpSocket?: { readonly host: string; readonly port: number };
  /** Succeeds when the server answers SERVING (grpc.health.v1). */
  readonly grpc?: { readonly host: string; readonly port: number; readonly service: string };
  /** It cannot be made: it fails with this message. */
  readonly invalid?: string;
}

/** A probe of one container, with everything that it needs. */
export interface ProbeConfig extends ProbeHandler {
  readonly containerId: string;
  readonly kind: ProbeKind;
  /** When the first probe is due, and the time between two; milliseconds since the Unix epoch, milliseconds. */
  readonly firstAt: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** All probes of a pod, as requested by the kubelet. They replace earlier ones; those that stay the same go on. */
export interface PodProbesConfig {
  readonly pod: PodRef;
  /** Identifies the probes; returned in `PodProbes.version`. */
  readonly version: string;
  readonly probes: readonly ProbeConfig[];
}

/** What the probes of one kind found out about a container. */
export interface ProbeOutcome {
  readonly containerId: string;
  readonly kind: ProbeKind;
  /** Absent until a threshold is reached. */
  readonly result?: 'success' | 'failure';
  /** The latest failure since the last success, also below the threshold. */
  readonly failing?: string;
}

/** The probes that run for a pod. */
export interface PodProbes {
  readonly pod: PodRef;
  readonly version: string;
  /** Those that have something to tell. */
  readonly outcomes: readonly ProbeOutcome[];
}
