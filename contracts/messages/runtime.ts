/** A hint that a container or sandbox may have changed. */
export interface RuntimeEvent {
  readonly node: string;
  readonly podUid?: string;
}
