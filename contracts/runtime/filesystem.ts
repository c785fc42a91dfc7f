/** A filesystem; one without a limit of inodes has none of them. */
export interface FilesystemStats {
  readonly availableBytes: number;
  readonly capacityBytes: number;
  readonly inodesFree?: number;
  readonly inodes?: number;
}

export interface VolumeStats {
  readonly podUid: string;
  readonly volume: string;
  readonly usedBytes: number;
}
