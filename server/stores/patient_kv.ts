/** @file Deno KV's local file under several connections. */
import type { KvDatabase, KvEntry, KvKey, KvListed, KvTransaction } from "./kv_database.ts";

/** What SQLite says, and Deno passes on, when another connection is writing: nothing has happened then, and the call may be repeated. */
const BUSY = /database (table )?is locked/;
const MAX_ATTEMPTS = 200;
const MAX_PAUSE_MS = 50;

/** Repeats calls that fail because another connection holds the file's lock, for some seconds. */
export class PatientKv implements KvDatabase {
  readonly #kv: KvDatabase;

  constructor(kv: KvDatabase) {
    this.#kv = kv;
  }

  /** See {@linkcode KvDatabase.get}. */
  get<T>(key: KvKey): Promise<KvEntry<T>> {
    return repeatWhileBusy(() => this.#kv.get<T>(key));
  }

  /** See {@linkcode KvDatabase.list}. */
  list<T>(selector: { prefix: KvKey }, options?: { batchSize?: number }): AsyncIterable<KvListed<T>> {
    return this.#kv.list<T>(selector, options);
  }

  /** See {@linkcode KvDatabase.atomic}. */
  atomic(): KvTransaction {
    const transaction = this.#kv.atomic();
    const commit = transaction.commit.bind(transaction);
    transaction.commit = () => repeatWhileBusy(commit);
    return transaction;
  }
}

async function repeatWhileBusy<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      const isBusy = error instanceof Error && BUSY.test(error.message);
      if (!isBusy || attempt === MAX_ATTEMPTS) throw error;
    }
    const pause = Math.random() * Math.min(attempt, MAX_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
