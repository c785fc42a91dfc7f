import { printable } from '../../../contracts/printable.ts';

/** As much as Kubernetes takes for the note of an Event. */
const TEXT_MAX = 1024;

/** An error as figures show it: it may quote whatever somebody sent, and all figures of an actor have to fit into one message. */
export const figureText = (error: string): string => printable(error, TEXT_MAX);
