/** Very long generations in constant memory. */
import { assert, assertEquals } from "@std/assert";
import type { Sample } from "./endure.ts";

/** How long, and in how much. */
export interface EnduranceOptions {
  readonly tokens: number;
  readonly globalWindow: number;
  /** Folder of a checkpoint; left out: the default model. */
  readonly checkpoint?: URL;
}

const SAMPLES = 20;
/** Bytes that a token may leave in JavaScript's memory: its id, in an array that doubles when it is full. */
const HEAP_BYTES_PER_TOKEN = 32;
/** Bytes by which JavaScript's own bookkeeping (compiled code, feedback) may grow after the first samples. */
const HEAP_SLACK = 2 ** 20;
/** Bytes by which the process may grow after the first samples: collections leave room that is used again. */
const PROCESS_SLACK = 24 * 2 ** 20;

/** Generates in a process of its own. */
export async function endure({ tokens, globalWindow, checkpoint }: EnduranceOptions): Promise<Sample[]> {
  const script = new URL("endure.ts", import.meta.url).href;
  const args = [tokens, globalWindow, tokens / SAMPLES, ...checkpoint ? [checkpoint.href] : []].map(String);
  const flags = ["--no-prompt", "--quiet", "--v8-flags=--expose-gc", "--allow-read"];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, script, ...args],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert(success);
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Adds a test that memory does not grow. */
export function testEndurance(name: string, options: EnduranceOptions): void {
  Deno.test(`Session.generate holds constant memory with globalWindow, ${options.tokens} tokens, ${name}`, async () => {
    const samples = await endure(options);
    assertEquals(samples.length, SAMPLES);
    const [early, late] = [samples[3], samples[SAMPLES - 1]];
    const tokens = late.tokens - early.tokens;
    for (const { tokens, stateBytes, heapUsed, rss } of samples.filter((_, i) => i % 4 === 3)) {
      console.log(`${tokens} tokens: state ${stateBytes}, heap ${heapUsed}, process ${rss} bytes`);
    }
    assertEquals(late.tokens, options.tokens);
    for (const { stateBytes } of samples) assertEquals(stateBytes, samples[0].stateBytes);
    assert(late.heapUsed - early.heapUsed < HEAP_SLACK + tokens * HEAP_BYTES_PER_TOKEN);
    assert(late.rss - early.rss < PROCESS_SLACK);
  });
}
