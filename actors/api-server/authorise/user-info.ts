/** Who asks, as Kubernetes' `user.Info`. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** The gateway that speaks for this user. */
  readonly via?: string;
  /** The same for users with the same rights. */
  readonly key: string;
}
