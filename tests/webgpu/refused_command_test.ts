/** A GPU that refuses a command in the middle: generations go on with WebAssembly. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { RefusedCommandError } from "../../runtime/errors.ts";
import { generate, GREEDY, onWasm, open, started } from "./lossy_model.ts";
import { gpuTest } from "./on_gpu.ts";

gpuTest(
  "Session.generate moves from a GPU that refuses a command, with every session that it may concern",
  async (options) => {
    await using refusing = await open(options, "tiny-pair");
    await using wasm = await onWasm("tiny-pair");
    await using session = await started(refusing.model);
    await using bystander = await started(refusing.model);
    await using whole = await started(wasm);
    const wanted = await generate(whole);
    const [got, other] = await Promise.all([
      generate(session, (index) => index === 3 && refusing.gpu.refuse(), GREEDY),
      generate(bystander),
    ]);
    assertEquals([got.ids, other.ids], [wanted.ids, wanted.ids]);
    const reason = got.summary.backendChanges?.[0].reason ?? other.summary.backendChanges![0].reason;
    assert(reason.includes("the GPU reports"), reason);
    assertEquals(refusing.model.backend.kind, "wasm");
  },
);

gpuTest("Session.generate throws what the GPU refused where it is told not to go on", async (options) => {
  await using refusing = await open(options, "tiny-pair", { deviceLoss: { continue: false } });
  await using session = await started(refusing.model);
  await assertRejects(
    () => generate(session, (index) => index === 0 && refusing.gpu.refuse()),
    RefusedCommandError,
  );
});
