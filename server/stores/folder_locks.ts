/** @file Locks that processes share through a folder. The system drops a lock when its process dies. */

/** Locks by number. Within a process they queue, so that waiting never takes more than one of its threads a lock. */
export class FolderLocks {
  readonly #folder: string;
  readonly #queues = new Map<string, Promise<unknown>>();

  /** Lock files lie in `folder`, which must be there. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs `work` while nobody else, here or in another process, runs any under the same name. */
  async hold<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const turn = before.then(() => this.#locked(name, work));
    const settled = turn.then(() => {}, () => {});
    this.#queues.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    }
  }

  async #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    using file = await Deno.open(`${this.#folder}/${name}`, { create: true, write: true, mode: 0o600 });
    await file.lock(true); // closing the file unlocks it
    return await work();
  }
}
