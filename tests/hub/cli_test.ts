/** `hymba` with a model of the hub: the environment says where and as whom, the cache is a folder. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fixture, linesOf, runHymba } from "../cli/run_hymba.ts";
import { FakeHub } from "./fake_hub.ts";

Deno.test("hymba logits loads a model of the hub, keeps it, and does without network when told to", async () => {
  const folder = await Deno.makeTempDir();
  const permissions = [
    "--allow-net=127.0.0.1",
    "--allow-env=HF_ENDPOINT,HF_TOKEN,HF_HUB_OFFLINE,HYMBA_MODELS",
  ]
    .concat([`--allow-read=${folder}`, `--allow-write=${folder}`]);
  const args = ["logits", "--model", "org/model", "--backend", "reference", "--ids", "1,2"];
  const here = await runHymba(args.with(2, fixture("tiny-pair")), { permissions: ["--allow-read"] });
  const env: Record<string, string> = { HYMBA_MODELS: folder, HF_TOKEN: "hf_x" };
  {
    await using hub = new FakeHub({
      "config.json": { bytes: await Deno.readFile(`${fixture("tiny-pair")}/config.json`) },
      "model.safetensors": {
        bytes: await Deno.readFile(`${fixture("tiny-pair")}/model.safetensors`),
        isLarge: true,
      },
    });
    env.HF_ENDPOINT = hub.endpoint;
    assertEquals(await runHymba(args, { permissions, env }), here);
    assertEquals(hub.seen[0].authorization, "Bearer hf_x");
  }
  assertEquals(await runHymba(args, { permissions, env: { ...env, HF_HUB_OFFLINE: "1" } }), here);
  const other = await runHymba(args.with(2, "org/other"), {
    permissions,
    env: { ...env, HF_HUB_OFFLINE: "1" },
  });
  assertEquals([other.code, linesOf(other.stderr).length], [1, 2]);
  assertMatch(
    other.stderr,
    /^error: Cannot open "org\/other" offline: revision "main" is not in the cache in /,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("hymba says what it needs where the hub may not be asked", async () => {
  const { code, stderr } = await runHymba(["inspect", "org/model"], {
    permissions: ["--allow-sys=homedir", "--allow-read"],
  });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: Cannot open "org\/model": no such folder is here, and asking huggingface\.co failed/,
  );
  assertStringIncludes(stderr, "--allow-net");
});
