import type { MsgHdrs } from 'nats';

/**
 * Header bytes made by hand, as the client takes them: it asks of a header object only to encode itself, and a general
 * one is most of what a small message costs.
 */
export const rawHeaders = (bytes: Uint8Array): MsgHdrs => ({ encode: () => bytes }) as unknown as MsgHdrs;
