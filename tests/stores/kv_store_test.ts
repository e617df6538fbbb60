/// <reference lib="deno.unstable" />
/** Sessions in Deno KV's own database, a file. Needs `--unstable-kv`, which `deno task test` gives. */
import { assertEquals } from "@std/assert";
import { counted, countIn } from "./counter.ts";
import { testKvStore } from "./kv_cases.ts";
import { kvHarness } from "./kv_harness.ts";

testKvStore("KvSessionStore", async () => {
  const folder = await Deno.makeTempDir();
  return kvHarness(`${folder}/sessions.kv`, () => Deno.remove(folder, { recursive: true }));
});

Deno.test("KvSessionStore lets processes take turns", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/sessions.kv`;
  await using harness = kvHarness(path, () => Deno.remove(folder, { recursive: true }));
  const store = await harness.open();
  await store.save("n", counted(0), { expectedVersion: null });
  const script = new URL("increment_kv.ts", import.meta.url).href;
  const flags = ["--no-prompt", "--quiet", "--unstable-kv", "--allow-read", "--allow-write"];
  const processes = [1, 2, 3].map(() =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, script, path, JSON.stringify(harness.prefix), "12"],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).output()
  );
  for (const { success } of await Promise.all(processes)) assertEquals(success, true);
  assertEquals(countIn((await store.load("n"))!.bytes), 36);
});
