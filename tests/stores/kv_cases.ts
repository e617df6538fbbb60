/** What is particular to sessions in Deno KV: deaths and meetings between the commits of one save. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { VersionConflictError, WeightsError } from "../../runtime/errors.ts";
import { KvSessionStore } from "../../server/stores/kv_store.ts";
import { testStore } from "./conformance.ts";
import { Death, HookedKv } from "./hooked_kv.ts";
import type { KvHarness } from "./kv_harness.ts";
import { assertSame, patterned } from "./test_bytes.ts";

/** 30 chunks: three transactions. */
const LENGTH = 30 * 61_440;
const HOUR_MS = 60 * 60 * 1000;

const CASES: Readonly<Record<string, (harness: KvHarness) => Promise<void>>> = {
  "keeps the old session wherever a save dies, and gives back the room": async (harness) => {
    const store = await harness.open();
    const kv = await harness.connect();
    let version = await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    version = await store.save("a", patterned(1, LENGTH), { expectedVersion: version });
    for (let fatal = 0, died = true; died; fatal++) {
      const dying = new HookedKv(kv, {
        onCommit: (n) => {
          if (n === fatal) throw new Death();
        },
      });
      const save = { expectedVersion: version };
      const other = new KvSessionStore(dying, { prefix: harness.prefix });
      const saved = other.save("a", patterned(fatal, LENGTH), save);
      died = await saved.then(() => false, (error) => error instanceof Death);
      const loaded = (await store.load("a"))!;
      assertEquals(loaded.version === version, died);
      assertSame(loaded.bytes, patterned(died && fatal === 0 ? 1 : fatal, LENGTH));
      assert(
        died || fatal >= 8,
        `a save took ${fatal} commits, one of them to collect, to record, and to switch each`,
      );
      version = await store.save("a", patterned(fatal + 1, LENGTH), { expectedVersion: loaded.version });
    }
    await store.sweep();
    assertEquals((await harness.keys("chunk")).length, 30);
    assertEquals(await harness.keys("loose"), []);
  },

  "sweeps up after the first save of an id, too": async (harness) => {
    let now = Date.now();
    const store = await harness.open({ now: () => now });
    const dying = new HookedKv(await harness.connect(), {
      onCommit: (n) => {
        if (n === 2) throw new Death();
      },
    });
    const other = new KvSessionStore(dying, { prefix: harness.prefix, now: () => now });
    await assertRejects(() => other.save("a", patterned(0, LENGTH), { expectedVersion: null }), Death);
    assertEquals((await harness.keys("chunk")).length, 12);
    assertEquals(await store.sweep(), 0, "its writer may be alive");
    now += HOUR_MS;
    assertEquals(await store.sweep(), 1);
    assertEquals(await harness.pieces(), 0);
  },

  "lets a slow writer fail without a trace when it was overtaken": async (harness) => {
    const store = await harness.open();
    const kv = await harness.connect();
    let version = await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    for (let moment = 0; moment < 5; moment++) {
      const meet = new HookedKv(kv, {
        onCommit: async (n) => {
          if (n !== moment) return;
          const next = await store.save("a", patterned(1, 100_000), { expectedVersion: version });
          version = await store.save("a", patterned(2 + moment, LENGTH), { expectedVersion: next });
        },
      });
      const slow = new KvSessionStore(meet, { prefix: harness.prefix });
      const expectedVersion = version;
      await assertRejects(
        () => slow.save("a", patterned(9, LENGTH), { expectedVersion }),
        VersionConflictError,
      );
      assertSame((await store.load("a"))!.bytes, patterned(2 + moment, LENGTH));
      await store.sweep();
      assertEquals((await harness.keys("chunk")).length, 30);
      assertEquals(await harness.keys("loose"), []);
    }
  },

  "leaves nothing of a writer that lost, or was overtaken and then died": async (harness) => {
    const store = await harness.open();
    const kv = await harness.connect();
    let version = await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    const overtake = async (saves: number): Promise<void> => {
      for (let i = 0; i < saves; i++) {
        version = await store.save("a", patterned(i, LENGTH), { expectedVersion: version });
      }
    };
    const losing = new HookedKv(kv, { onCommit: (n) => n === 4 ? overtake(1) : undefined });
    const loser = new KvSessionStore(losing, { prefix: harness.prefix });
    const save = { expectedVersion: version };
    await assertRejects(
      () => loser.save("a", patterned(9, LENGTH), save),
      VersionConflictError,
      "Cannot save",
    );
    assertEquals((await harness.keys("chunk")).length, 60, "what is stored, and what it replaced");
    const dying = new HookedKv(kv, {
      onCommit: async (n) => {
        if (n === 5) await overtake(2);
        if (n === 6) throw new Death();
      },
    });
    const other = new KvSessionStore(dying, { prefix: harness.prefix });
    await assertRejects(() => other.save("a", patterned(9, LENGTH), { expectedVersion: version }), Error);
    assert(dying.commits > 5);
    await store.sweep();
    assertEquals((await harness.keys("chunk")).length, 30);
  },

  "lets a writer fail whose chunks were swept": async (harness) => {
    let now = Date.now();
    const options = { prefix: harness.prefix, now: () => now };
    const store = new KvSessionStore(await harness.connect(), options);
    const version = await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    for (const moment of [1, 2, 4]) {
      const meet = new HookedKv(await harness.connect(), {
        onCommit: async (n) => {
          if (n !== moment) return;
          now += HOUR_MS;
          await store.sweep();
        },
      });
      const slow = new KvSessionStore(meet, options);
      const save = { expectedVersion: version };
      await assertRejects(
        () => slow.save("a", patterned(9, LENGTH), save),
        VersionConflictError,
        "gave it up",
      );
      assertSame((await store.load("a"))!.bytes, patterned(0, LENGTH));
      assertEquals((await harness.keys("chunk")).length, 30);
    }
  },

  "shows a reader the old session or the new one, whenever they meet": async (harness) => {
    const store = await harness.open();
    const kv = await harness.connect();
    let version = await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    for (const moment of [0, 1, 11, 12, 13, 29]) {
      for (const saves of [1, 2, 3]) {
        const before = version;
        const meet = new HookedKv(kv, {
          onValue: async (n) => {
            for (let i = 0; n === moment && i < saves; i++) {
              version = await store.save("a", patterned(moment + i + saves, LENGTH), {
                expectedVersion: version,
              });
            }
          },
        });
        const loaded = (await new KvSessionStore(meet, { prefix: harness.prefix }).load("a"))!;
        assert([before, version].includes(loaded.version));
        if (loaded.version === version) assertSame(loaded.bytes, patterned(moment + 2 * saves - 1, LENGTH));
      }
    }
  },

  "tells missing chunks from replaced ones": async (harness) => {
    const store = await harness.open();
    const kv = await harness.connect();
    await store.save("a", patterned(0, LENGTH), { expectedVersion: null });
    const chunks = await harness.keys("chunk");
    const last = await kv.get(chunks[29]);
    await kv.delete(chunks[29]);
    await assertRejects(() => store.load("a"), WeightsError, "bytes, expected");
    await kv.set(chunks[29], last.value);
    await kv.delete(chunks[3]);
    await assertRejects(() => store.load("a"), WeightsError, "bytes, expected");
    await kv.set(chunks[3], "not bytes");
    await assertRejects(() => store.load("a"), WeightsError, "bytes, expected");
    await store.delete("a");
    assertEquals(await harness.pieces(), 0);
  },

  "collects another session's chunks never": async (harness) => {
    const store = await harness.open();
    const versions = new Map<string, string>();
    for (const id of ["a", "ab", "a\0", "b"]) {
      versions.set(id, await store.save(id, patterned(id.length, LENGTH / 10), { expectedVersion: null }));
    }
    for (let i = 0; i < 3; i++) {
      versions.set("a", await store.save("a", patterned(i, 10), { expectedVersion: versions.get("a")! }));
    }
    await store.delete("a");
    await store.sweep();
    for (const id of ["ab", "a\0", "b"]) {
      assertSame((await store.load(id))!.bytes, patterned(id.length, LENGTH / 10));
    }
  },

  "lets the database itself forget what expired": async (harness) => {
    const store = await harness.open();
    await store.save("a", patterned(0, 100), { expectedVersion: null, ttlMs: 40 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(await store.load("a"), null);
    const version = await store.save("a", patterned(1, 100), { expectedVersion: null, ttlMs: HOUR_MS });
    assertEquals((await store.load("a"))!.version, version);
  },
};

/** Adds the tests of sessions in Deno KV, each with a place of its own. */
export function testKvStore(name: string, start: () => Promise<KvHarness>): void {
  testStore(name, start);
  for (const [what, test] of Object.entries(CASES)) {
    Deno.test(`${name} ${what}`, async () => {
      await using harness = await start();
      await test(harness);
    });
  }
}
