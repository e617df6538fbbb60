/** A database in which something happens at chosen moments: a process dies, or another one acts. */
import type { KvDatabase, KvEntry, KvKey, KvListed, KvTransaction } from "../../server/stores/kv_database.ts";

/** What a process that dies throws, here. */
export class Death extends Error {}

/** What happens before the n-th commit, or before the n-th value of a list is given; both count from 0. */
export interface Hooks {
  readonly onCommit?: (n: number) => void | Promise<void>;
  readonly onValue?: (n: number) => void | Promise<void>;
}

/** Passes everything on to a database, and calls hooks. */
export class HookedKv implements KvDatabase {
  readonly #kv: KvDatabase;
  readonly #hooks: Hooks;
  /** Commits so far. */
  commits = 0;
  #values = 0;

  constructor(kv: KvDatabase, hooks: Hooks) {
    this.#kv = kv;
    this.#hooks = hooks;
  }

  get<T>(key: KvKey): Promise<KvEntry<T>> {
    return this.#kv.get<T>(key);
  }

  async *list<T>(
    selector: { prefix: KvKey },
    options?: { batchSize?: number },
  ): AsyncGenerator<KvListed<T>> {
    for await (const entry of this.#kv.list<T>(selector, options)) {
      await this.#hooks.onValue?.(this.#values++);
      yield entry;
    }
  }

  atomic(): KvTransaction {
    const transaction = this.#kv.atomic();
    const commit = transaction.commit.bind(transaction);
    transaction.commit = async () => {
      await this.#hooks.onCommit?.(this.commits++);
      return await commit();
    };
    return transaction;
  }
}
