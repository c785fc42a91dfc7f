/**
 * Where an attached debugger stops. A file of its own: an editor that skips all the others between here and an actor leads
 * from here into the actor's code.
 */
export function stopHere(): void {
  // oxlint-disable-next-line no-debugger
  debugger; // step into twice: what comes next is the actor's own code
}
