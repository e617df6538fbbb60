/** Resuming elsewhere: a chain of killed processes says what one process would have said. */
import { assertEquals } from "@std/assert";
import { loadModel } from "../../mod.ts";
import { seeded } from "../text/seeded.ts";
import { type ChainPlace, runChain } from "./chain.ts";
import { CHAIN_LENGTH, CHAIN_PROMPT, chainOptions } from "./chain_generation.ts";

/** What one process says that nobody kills. */
async function uninterrupted(seed: number): Promise<{ ids: number[]; text: string }> {
  await using model = await loadModel(undefined, { backend: "wasm" });
  const tokens = await Array.fromAsync(model.generate(CHAIN_PROMPT, chainOptions(seed)));
  assertEquals(tokens.length, CHAIN_LENGTH);
  return { ids: tokens.map(({ id }) => id), text: tokens.map(({ text }) => text).join("") };
}

/** Adds a test of `chains` chains with `kills` kills each. */
export function testResume(kind: ChainPlace["kind"], chains: number, kills: number): void {
  Deno.test(`Checkpoints let processes go on with one another's generation, ${chains * kills} kills, ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    const place = { kind, location: kind === "folder" ? folder : `${folder}/sessions.kv` };
    try {
      for (let seed = 1; seed <= chains; seed++) {
        const random = seeded(seed).number;
        const every = 1 + Math.floor(random() * 8);
        const { ids, text, killed, repeated } = await runChain(place, { seed, kills, every, random });
        assertEquals(killed, kills);
        console.log(
          `seed ${seed}: ${kills} kills, a checkpoint every ${every} tokens, ${repeated} tokens said again`,
        );
        assertEquals({ ids, text }, await uninterrupted(seed));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
