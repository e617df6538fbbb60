/** What every session store has to do. A store's own test file calls {@linkcode testStore} and adds what is particular to it. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ConfigError, VersionConflictError, WeightsError } from "../../runtime/errors.ts";
import type { SessionStore } from "../../server/stores/session_store.ts";
import { counted, countIn, increment } from "./counter.ts";
import { HOSTILE_IDS, REFUSED_IDS } from "./session_ids.ts";
import { assertSame, patterned } from "./test_bytes.ts";

/** One place where sessions are kept, empty at first. */
export interface StoreHarness extends AsyncDisposable {
  /** Opens a store over this place; several may be open, each with a connection of its own where there is such a thing. */
  open(options?: { now?: () => number }): Promise<SessionStore>;
  /** Files or keys that hold sessions, to tell whether room is given back. */
  pieces(): Promise<number>;
  /** Changes one byte of the stored bytes. */
  corrupt(): Promise<void>;
}

const SIZES = [0, 1, 61_439, 61_440, 61_441, 65_536, 65_537, 12 * 61_440, 12 * 61_440 + 1, 3_000_001];

type Case = (harness: StoreHarness) => Promise<void>;

const CASES: Readonly<Record<string, Case>> = {
  "knows nothing at first": async (harness) => {
    const store = await harness.open();
    assertEquals(await store.load("a"), null);
    await store.delete("a");
    assertEquals(await store.sweep(), 0);
  },

  "gives back exactly what was saved, of any size": async (harness) => {
    const store = await harness.open();
    const versions = new Set<string>();
    for (const [i, size] of SIZES.entries()) {
      const bytes = patterned(i, size);
      const version = await store.save(`size ${size}`, bytes, { expectedVersion: null });
      versions.add(version);
      bytes.fill(0);
      const loaded = (await store.load(`size ${size}`))!;
      assertEquals(loaded.version, version);
      assertEquals(loaded.expiresAt, null);
      assertSame(loaded.bytes, patterned(i, size));
      loaded.bytes.fill(1);
    }
    assertEquals(versions.size, SIZES.length);
    const other = await harness.open();
    for (const [i, size] of SIZES.entries()) {
      assertSame((await other.load(`size ${size}`))!.bytes, patterned(i, size));
    }
  },

  "saves only over the expected version": async (harness) => {
    const store = await harness.open();
    const save = (seed: number, expectedVersion: string | null): Promise<string> =>
      store.save("a", patterned(seed, 70_000), { expectedVersion });
    await assertRejects(() => save(0, "unknown"), VersionConflictError, "nothing is stored");
    const first = await save(1, null);
    await assertRejects(() => save(2, null), VersionConflictError, "expected nothing");
    const second = await save(3, first);
    assertNotEquals(second, first);
    await assertRejects(() => save(4, first), VersionConflictError, "Cannot save");
    assertSame((await store.load("a"))!.bytes, patterned(3, 70_000));
    await store.delete("a");
    const anew = await save(3, null);
    for (const old of [first, second]) await assertRejects(() => save(5, old), VersionConflictError);
    assertEquals((await store.load("a"))!.version, anew);
  },

  "deletes, the expected version alone if asked to": async (harness) => {
    const store = await harness.open();
    const first = await store.save("a", patterned(1, 10), { expectedVersion: null });
    const second = await store.save("a", patterned(2, 10), { expectedVersion: first });
    await store.save("b", patterned(3, 10), { expectedVersion: null });
    await assertRejects(
      () => store.delete("a", { expectedVersion: first }),
      VersionConflictError,
      "Cannot delete",
    );
    await store.delete("a", { expectedVersion: second });
    await assertRejects(
      () => store.delete("a", { expectedVersion: second }),
      VersionConflictError,
      "nothing",
    );
    assertEquals(await store.load("a"), null);
    assertSame((await store.load("b"))!.bytes, patterned(3, 10));
  },

  "takes what expired for deleted": async (harness) => {
    let now = 1_800_000_000_000;
    const store = await harness.open({ now: () => now });
    const first = await store.save("a", patterned(1, 100_000), { expectedVersion: null, ttlMs: 5000 });
    assertEquals((await store.load("a"))!.expiresAt, now + 5000);
    now += 4999;
    assertEquals((await store.load("a"))!.version, first);
    now += 1;
    assertEquals(await store.load("a"), null);
    const late = { expectedVersion: first };
    await assertRejects(
      () => store.save("a", patterned(2, 10), late),
      VersionConflictError,
      "nothing is stored",
    );
    await assertRejects(() => store.delete("a", late), VersionConflictError, "nothing is stored");
    const anew = await store.save("a", patterned(3, 10), { expectedVersion: null, ttlMs: 5000 });
    await store.save("a", patterned(4, 10), { expectedVersion: anew });
    now += 10_000;
    assertEquals((await store.load("a"))!.expiresAt, null, "a save without a time to live takes it away");
    await store.save("b", patterned(5, 100_000), { expectedVersion: null, ttlMs: 1000 });
    await store.sweep();
    const kept = await harness.pieces();
    now += 1000;
    assert(await store.sweep() > 0);
    assert(await harness.pieces() < kept, "a sweep gives back the room");
    assertSame((await store.load("a"))!.bytes, patterned(4, 10));
    for (const ttlMs of [0, -1, NaN, Infinity]) {
      await assertRejects(
        () => store.save("c", patterned(0, 1), { expectedVersion: null, ttlMs }),
        ConfigError,
        "ttlMs",
      );
    }
  },

  "keeps every id apart": async (harness) => {
    const store = await harness.open();
    for (const [i, id] of HOSTILE_IDS.entries()) {
      await store.save(id, patterned(i, 100 + i), { expectedVersion: null });
    }
    const other = await harness.open();
    for (const [i, id] of HOSTILE_IDS.entries()) {
      assertSame((await other.load(id))!.bytes, patterned(i, 100 + i), JSON.stringify(id));
    }
    for (const id of HOSTILE_IDS) await other.delete(id);
    for (const id of HOSTILE_IDS) assertEquals(await store.load(id), null, JSON.stringify(id));
  },

  "refuses ids that are none": async (harness) => {
    const store = await harness.open();
    for (const id of REFUSED_IDS as string[]) {
      await assertRejects(() => store.load(id), ConfigError, "session id");
      await assertRejects(
        () => store.save(id, patterned(0, 1), { expectedVersion: null }),
        ConfigError,
        "session id",
      );
      await assertRejects(() => store.delete(id), ConfigError, "session id");
    }
  },

  "lets one of many writers win each version, and never shows a mix": async (harness) => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => harness.open()));
    await stores[0].save("n", counted(0), { expectedVersion: null });
    let reading = true;
    const reader = async (): Promise<number> => {
      let loads = 0;
      for (let last = 0; reading; loads++) {
        const count = countIn((await stores[3].load("n"))!.bytes);
        assert(count >= last, `read ${count} after ${last}`);
        last = count;
      }
      return loads;
    };
    const reads = reader();
    const increments = stores.map((store) => increment(store, "n", 10));
    await Promise.all(increments).finally(() => reading = false);
    assert(await reads > 0);
    assertEquals(countIn((await stores[0].load("n"))!.bytes), 40);
  },

  "lets one of many create an id": async (harness) => {
    const stores = await Promise.all([1, 2, 3].map(() => harness.open()));
    const attempts = Array.from(
      { length: 12 },
      (_, i) => stores[i % 3].save("a", patterned(i, 130_000), { expectedVersion: null }),
    );
    const results = await Promise.allSettled(attempts);
    const won = results.flatMap((result, i) => result.status === "fulfilled" ? [i] : []);
    assertEquals(won.length, 1);
    for (const result of results) {
      if (result.status === "rejected") assert(result.reason instanceof VersionConflictError, result.reason);
    }
    assertSame((await stores[0].load("a"))!.bytes, patterned(won[0], 130_000));
  },

  "gives back the room of what was replaced": async (harness) => {
    const store = await harness.open();
    let version = await store.save("a", patterned(0, 200_000), { expectedVersion: null });
    const pieces = await harness.pieces();
    for (let i = 1; i <= 20; i++) {
      version = await store.save("a", patterned(i, 200_000), { expectedVersion: version });
      assert(await harness.pieces() <= 3 * pieces, `after ${i} saves`);
    }
    await store.sweep();
    assertEquals(await harness.pieces(), pieces);
    await store.delete("a");
    await store.sweep();
    assertEquals(await harness.pieces(), 0);
  },

  "says that stored bytes are damaged, and lets them be deleted": async (harness) => {
    const store = await harness.open();
    await store.save("a", patterned(1, 150_000), { expectedVersion: null });
    await harness.corrupt();
    await assertRejects(() => store.load("a"), WeightsError);
    await store.sweep();
    await store.delete("a");
    await store.save("a", patterned(2, 150_000), { expectedVersion: null });
    assertSame((await store.load("a"))!.bytes, patterned(2, 150_000));
  },

  "keeps the state of a large model": async (harness) => {
    const store = await harness.open();
    const bytes = patterned(1, 24_000_000);
    const version = await store.save("large", bytes, { expectedVersion: null });
    assertSame((await store.load("large"))!.bytes, bytes);
    await store.save("large", patterned(2, 5), { expectedVersion: version });
    assertSame((await store.load("large"))!.bytes, patterned(2, 5));
  },
};

/** Adds the tests that every store has to pass, each with a place of its own; `except` names those that make no sense for one. */
export function testStore(
  name: string,
  start: () => Promise<StoreHarness>,
  except: readonly string[] = [],
): void {
  for (const [what, test] of Object.entries(CASES)) {
    if (except.includes(what)) continue;
    Deno.test(`${name} ${what}`, async () => {
      await using harness = await start();
      await test(harness);
    });
  }
}
