/**
 * Docker 20.10's libnetwork can lock up for good when a container leaves a network while another joins or leaves it: one
 * takes the network's lock and then the controller's, the other the other way round (seen: every later call hung until the
 * engine was killed). So joins go together, and leaves one at a time with no join in progress. Both get their turn: who comes
 * while the other kind waits, waits too.
 */
export class NetworkGate {
  #joining = 0;
  #leaving = false;
  #joiners: (() => void)[] = [];
  #leavers: (() => Promise<void>)[] = [];

  /** Runs beside other joins. */
  async join<T>(work: () => Promise<T>): Promise<T> {
    if (this.#leaving || this.#leavers.length > 0) await new Promise<void>((resolve) => this.#joiners.push(resolve));
    else this.#joining += 1;
    try {
      return await work();
    } finally {
      this.#joining -= 1;
      this.#turn();
    }
  }

  /** Runs alone. */
  leave<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#leavers.push(() => work().then(resolve, reject));
      this.#turn();
    });
  }

  #turn(): void {
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
    this.#turn();
  }
}

const gates = new WeakMap<object, NetworkGate>();

/** The one gate of an engine, however many adapters of this process share it. */
export function gateOf(engine: object): NetworkGate {
  let gate = gates.get(engine);
  if (gate === undefined) gates.set(engine, (gate = new NetworkGate()));
  return gate;
}
