import { assertEquals, assertRejects } from "@std/assert";
import { VersionConflictError, WeightsError } from "../../runtime/errors.ts";
import { FolderSessionStore } from "../../server/stores/folder_store.ts";
import { type StoreHarness, testStore } from "./conformance.ts";
import { counted, countIn } from "./counter.ts";
import { assertSame, patterned } from "./test_bytes.ts";

interface FolderHarness extends StoreHarness {
  readonly folder: string;
}

async function start(): Promise<FolderHarness> {
  const parent = await Deno.makeTempDir();
  const folder = `${parent}/sessions`;
  return {
    folder,
    open: (options) => FolderSessionStore.open(folder, options),
    pieces: async () => (await names(folder)).filter((name) => !name.endsWith(".lock")).length,
    corrupt: async () => {
      const [name] = (await names(folder)).filter((name) => name.endsWith(".session"));
      await changeByte(`${folder}/${name}`, -1000);
    },
    [Symbol.asyncDispose]: async () => {
      assertEquals(await names(parent), ["sessions"], "nothing is written outside the folder");
      await Deno.remove(parent, { recursive: true });
    },
  };
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

/** Flips bits of one byte, counted from the end where negative. */
async function changeByte(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 0x11;
  await Deno.writeFile(path, bytes);
}

testStore("FolderSessionStore", start);

Deno.test("FolderSessionStore loads what was there before a save that did not come to its end", async () => {
  await using harness = await start();
  const store = await harness.open();
  const version = await store.save("a", patterned(1, 50_000), { expectedVersion: null });
  const [file] = (await names(harness.folder)).filter((name) => name.endsWith(".session"));
  const part = `${harness.folder}/${file.replace(".session", ".part")}`;
  const whole = await Deno.readFile(`${harness.folder}/${file}`);
  for (const length of [0, 3, 4, 100, 40_000, whole.length]) {
    await Deno.writeFile(part, whole.subarray(0, length));
    assertEquals((await store.load("a"))!.version, version);
  }
  assertEquals(await store.sweep(), 1, "the part");
  await Deno.writeFile(part, whole);
  const next = await store.save("a", patterned(2, 10), { expectedVersion: version });
  assertEquals((await store.load("a"))!.version, next);
  assertEquals(await harness.pieces(), 1);
});

Deno.test("FolderSessionStore notices damage anywhere in a file", async () => {
  await using harness = await start();
  const store = await harness.open();
  await store.save("a", patterned(1, 500), { expectedVersion: null });
  const [file] = (await names(harness.folder)).filter((name) => name.endsWith(".session"));
  const path = `${harness.folder}/${file}`;
  const whole = await Deno.readFile(path);
  for (let at = 0; at < whole.length; at += 7) {
    await changeByte(path, at);
    await assertRejects(() => store.load("a"), WeightsError, undefined);
    await Deno.writeFile(path, whole);
  }
  for (let length = 0; length < whole.length; length += 11) {
    await Deno.writeFile(path, whole.subarray(0, length));
    await assertRejects(() => store.load("a"), WeightsError, undefined);
  }
  await store.save("b", patterned(2, 500), { expectedVersion: null });
  const [other] = (await names(harness.folder)).filter((name) => name.endsWith(".session") && name !== file);
  await Deno.copyFile(`${harness.folder}/${other}`, path);
  await assertRejects(() => store.load("a"), WeightsError, "another session's");
  await assertRejects(() => store.save("a", patterned(3, 5), { expectedVersion: null }), WeightsError);
});

Deno.test("FolderSessionStore lets processes take turns", async () => {
  await using harness = await start();
  const store = await harness.open();
  await store.save("n", counted(0), { expectedVersion: null });
  const script = new URL("increment_folder.ts", import.meta.url);
  const processes = [1, 2, 3].map(() =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--quiet",
        "--allow-read",
        "--allow-write",
        script.href,
        harness.folder,
        "12",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).output()
  );
  for (const { success } of await Promise.all(processes)) assertEquals(success, true);
  assertSame((await store.load("n"))!.bytes, counted(36));
  assertEquals(countIn((await store.load("n"))!.bytes), 36);
});

Deno.test("FolderSessionStore gives a lock back when its process dies", async () => {
  await using harness = await start();
  const store = await harness.open();
  const version = await store.save("a", patterned(1, 10), { expectedVersion: null });
  const code = `for await (const { name } of Deno.readDir(Deno.args[0])) {
    if (name.endsWith(".lock")) await (await Deno.open(Deno.args[0] + "/" + name, { write: true })).lock(true);
  }
  console.log("locked");
  setInterval(() => {}, 1000);`;
  const holder = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-all",
      `data:application/typescript,${encodeURIComponent(code)}`,
      harness.folder,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "locked\n");
  let saved = false;
  const save = store.save("a", patterned(2, 10), { expectedVersion: version }).then(() => saved = true);
  assertSame((await store.load("a"))!.bytes, patterned(1, 10), "a load waits for nobody");
  assertEquals(saved, false);
  holder.kill("SIGKILL");
  await holder.status;
  await save;
  await reader.cancel();
  await assertRejects(
    () => store.save("a", patterned(3, 10), { expectedVersion: version }),
    VersionConflictError,
  );
});
