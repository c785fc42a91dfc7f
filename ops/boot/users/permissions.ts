/** What the broker lets one user do: sorted patterns of subjects. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Subjects on which the user answers requests. It may write into the inboxes of the users that may ask there. */
  readonly answers: readonly string[];
}
