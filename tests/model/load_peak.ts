/** @file Loads a packed file's weights and makes a state, and prints the most that this took: `{ peak, held }`, in bytes. Linux. */
import { openWasmBackend } from "../../runtime/backends/wasm.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { parseConfig } from "../../runtime/config.ts";
import { WeightsHash } from "../../runtime/fingerprint.ts";
import { SequenceState } from "../../runtime/state.ts";
import { loadWeights } from "../../runtime/weights.ts";

const checkpoint = await openCheckpoint(Deno.args[0]);
const config = parseConfig(checkpoint.configJson);
const backend = await openWasmBackend();
const hash = new WeightsHash();
await loadWeights(checkpoint.tensors, config, backend, { onBytes: (bytes) => hash.add(bytes) });
new SequenceState(backend, config, { chunkSize: 64, kvDtype: "f32", maxContext: 1024, globalWindow: null });
await hash.hex();
const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile("/proc/self/status"))!;
console.log(JSON.stringify({ peak: 1024 * Number(kilobytes), held: backend.memoryBytes }));
Deno.exit(0);
