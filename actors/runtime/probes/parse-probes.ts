import {
  type HttpProbe,
  PROBE_KINDS,
  type PodProbesConfig,
  type ProbeConfig,
} from '../../../contracts/runtime/probes.ts';
import { fields, filledText, list, oneOf, optional, text, wholeNumber } from '../parse-fields.ts';
import { pod } from '../volumes/parse-volumes.ts';

const port = wholeNumber(1, 65_535);
const count = wholeNumber(1);

const http = fields<HttpProbe>({
  scheme: oneOf('HTTP', 'HTTPS'),
  host: filledText,
  port,
  path: text,
  headers: optional(list(fields<{ readonly name: string; readonly value: string }>({ name: filledText, value: text }))),
});

const probe = fields<ProbeConfig>({
  containerId: filledText,
  kind: oneOf(...PROBE_KINDS),
  firstAt: wholeNumber(0),
  periodMs: count,
  timeoutMs: count,
  successThreshold: count,
  failureThreshold: count,
  exec: optional(fields<{ readonly command: readonly string[] }>({ command: list(text) })),
  httpGet: optional(http),
  tcpSocket: optional(fields<{ readonly host: string; readonly port: number }>({ host: filledText, port })),
  grpc: optional(
    fields<{ readonly host: string; readonly port: number; readonly service: string }>({
      host: filledText,
      port,
      service: text,
    }),
  ),
  invalid: optional(text),
});

/** Reads the body of `setProbes`. @throws StatusError BadRequest */
export const podProbes = fields<PodProbesConfig>({ pod, version: text, probes: list(probe) });
