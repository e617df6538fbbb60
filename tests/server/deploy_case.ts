/** What the Deno Deploy entry promises, for any Deno: no flag, no permission but the network's, less than 512 MB. */
import { assert, assertEquals } from "@std/assert";
import { ServerProcess } from "./server_process.ts";

/** Deno Deploy gives an isolate so much. */
const LIMIT_MEGABYTES = 512;

const BODY = { model: "stories", prompt: "Once upon a time", seed: 6, logit_bias: { 0: -100 } };

/** Serves with one Deno, fills every place and its sessions' store, and looks at the memory that took. */
export async function assertDeploys(program: string): Promise<void> {
  await using server = await ServerProcess.start(["--allow-net=127.0.0.1", "server/deploy.ts"], {}, program);
  // Sessions that nobody goes on with pile up, until the oldest make room.
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, seed) => {
      const session = (await (await server.post("/v1/sessions", {})).json()).id;
      const body = { ...BODY, seed, session, max_tokens: 30 };
      return (await (await server.post("/v1/completions", body)).json()).usage.completion_tokens;
    }));
    assertEquals(answers, new Array(8).fill(30));
  }
  const peak = await server.peakMegabytes();
  assert(peak === null || peak > 50 && peak < LIMIT_MEGABYTES, `${peak} MB`);
}
