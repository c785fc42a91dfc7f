import { setFlagsFromString } from 'node:v8';

/**
 * Arguments with which masters and workers are started: two semi-spaces of 8 MiB instead of 16. Their messages are short-lived
 * and most are gone by then either way.
 */
export const leanHeapArgs: readonly string[] = ['--max-semi-space-size=8'];

/**
 * Lets the heap grow to one and a half of what is alive before old objects are collected, instead of up to four times as
 * much: a control plane's live heap is its objects, which stay, and what it drops every second is garbage. A Node whose V8
 * does not know the setting goes on without it.
 */
export const keepHeapLean = (): void => setFlagsFromString('--heap-growing-percent=50');
