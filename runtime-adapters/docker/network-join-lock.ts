/**
 * A lock for joining and leaving a network. Docker 20.10's libnetwork can deadlock when a container leaves a network while
 * another joins or leaves it: they take the network's and the controller's lock in opposite order (observed: every later
 * call hung until the engine was killed). So joins run together, and leaves run one at a time with no join in progress.
 * Neither starves: new work waits behind waiting work of the other kind.
 */
export class NetworkJoinLock {
  #joining = 0;
  #leaving = false;
  #joiners: (() => void)[] = [];
  #leavers: (() => Promise<void>)[] = [];

  /** Runs together with other joins. */
  async join<T>(work: () => Promise<T>): Promise<T> {
    if (this.#leaving || this.#leavers.length > 0) await new Promise<void>((resolve) => this.#joiners.push(resolve));
    else this.#joining += 1;
    try {
      return await work();
    } finally {
      this.#joining -= 1;
      this.#startLeaves();
    }
  }

  /** Runs alone. */
  leave<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#leavers.push(() => work().then(resolve, reject));
      this.#startLeaves();
    });
  }

  #startLeaves(): void {
    if (this.#leaving || this.#joining > 0 || this.#leavers.length === 0) return;
    this.#leaving = true;
    const batch = this.#leavers;
    this.#leavers = [];
    void this.#runAll(batch);
  }

  async #runAll(batch: readonly (() => Promise<void>)[]): Promise<void> {
    for (const work of batch) await work();
    this.#leaving = false;
    const joiners = this.#joiners;
    this.#joiners = [];
    this.#joining += joiners.length;
    for (const go of joiners) go();
    this.#startLeaves();
  }
}

const locks = new WeakMap<object, NetworkJoinLock>();

/** The lock of an engine, shared by all adapters of this process that use it. */
export function lockOf(engine: object): NetworkJoinLock {
  let lock = locks.get(engine);
  if (lock === undefined) locks.set(engine, (lock = new NetworkJoinLock()));
  return lock;
}
