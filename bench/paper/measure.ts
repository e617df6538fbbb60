/**
 * @file What the paper's table has (arXiv:2411.13676, table 2), in this runtime: bytes of a sequence's state by length, computed and measured,
 * and decoding at a context of 8192 against models of attention layers only. `deno task bench:paper FOLDER [--webgpu]`; FOLDER keeps the
 * Hymba's random weights.
 */
import type { Backend } from "../../runtime/backend.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { openWasmBackend, type WasmBackend } from "../../runtime/backends/wasm.ts";
import { openWebGpuBackend, type WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { parseConfig } from "../../runtime/config.ts";
import { nextLogits } from "../../runtime/forward.ts";
import type { Network } from "../../runtime/network.ts";
import { decodeStep } from "../../runtime/prefill.ts";
import { SequenceState } from "../../runtime/state.ts";
import { stateBytes, type StateLayout } from "../../runtime/state_layout.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { loadWeights } from "../../runtime/weights.ts";
import { createWorkspace } from "../../runtime/workspace.ts";
import { sourceOf } from "../cpu/models.ts";
import { type Figure, figure, here, type Setting, writeResults } from "../results.ts";
import { cacheBytesPerToken, LLAMA_3_2, LlamaDecoder } from "./llama.ts";

/** State of Hymba-1.5B after so many tokens, in bytes. */
export interface CacheRow {
  readonly tokens: number;
  /** What the paper counts: f16 throughout, no meta tokens, three inputs of the convolution. */
  readonly paper: number;
  /** What `hymba inspect` says, keys and values in f16, scan and convolution in f32, meta tokens counted. */
  readonly computed: number;
  /** Buffers of a state that was allocated for so many tokens. */
  readonly measured: number;
  /** Keys and values of Llama 3.2 in f16. */
  readonly llama: Readonly<Record<"1B" | "3B", number>>;
}

/** Decoding at the context. */
export interface DecodeRow {
  readonly model: string;
  readonly weightBytes: number;
  readonly stateBytes: number;
  /** Tokens a second. */
  readonly rate: Figure;
}

/** bench/results/paper-wasm.json and paper-webgpu.json. */
export interface PaperResults {
  readonly setting: Setting;
  readonly backend: string;
  readonly context: number;
  readonly cache: readonly CacheRow[];
  readonly decode: readonly DecodeRow[];
}

const CONTEXT = 8192;
const LENGTHS = [1024, 2048, 4096, 8192, 16384, 32768];
const ROUNDS = 5;
/** Tokens for which there is room behind the context. */
const ROOM = 1024;

interface Contestant {
  readonly model: string;
  readonly weightBytes: number;
  readonly stateBytes: number;
  /** One of its own: on WASM, memory ends at 4 GiB. */
  readonly backend: Backend;
  readonly step: () => Tensor;
}

async function openHymba(backend: Backend, folder: string): Promise<Network> {
  const model = { name: "1.5B", dtype: "q4_0", shape: "1.5b", decoded: 0, prompt: 0 } as const;
  const checkpoint = await openCheckpoint(await sourceOf(model, folder));
  const config = parseConfig(checkpoint.configJson);
  const weights = await loadWeights(checkpoint.tensors, config, backend);
  await checkpoint.tensors.close();
  const rope = backend.createRope(config.inverseFrequencies);
  const workspace = createWorkspace(backend, config, 1);
  return { backend, config, weights, rope, workspace, chunkSize: 1, fingerprint: Promise.resolve("random") };
}

function layoutFor(tokens: number): StateLayout {
  return { chunkSize: 1, kvDtype: "f16", maxContext: tokens, globalWindow: null };
}

function bytesOf(state: SequenceState): number {
  return [...state.buffers.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function cacheRow({ backend, config }: Network, tokens: number): CacheRow {
  const state = new SequenceState(backend, config, layoutFor(tokens));
  const measured = bytesOf(state);
  state.dispose();
  const { kvCache, convState, ssmState } = stateBytes(config, layoutFor(tokens), tokens);
  const owners = config.layers.filter(({ kvOwner }, layer) => kvOwner === layer);
  const windows = owners.filter(({ attention }) => attention === "window").length;
  const positions = (owners.length - windows) * tokens + windows * Math.min(tokens, config.windowSize);
  const perPosition = 2 * config.numKvHeads * (config.headDim + config.vHeadDim);
  const fixed = 2 * config.layers.length * config.dInner * (config.dState + config.dConv - 1);
  const llama = {
    "1B": tokens * cacheBytesPerToken(LLAMA_3_2["1B"]),
    "3B": tokens * cacheBytesPerToken(LLAMA_3_2["3B"]),
  };
  return {
    tokens,
    paper: positions * perPosition + fixed,
    computed: kvCache + convState + ssmState,
    measured,
    llama,
  };
}

function hymbaContestant(net: Network, weightBytes: number): Contestant {
  const state = new SequenceState(net.backend, net.config, layoutFor(CONTEXT + ROOM));
  state.advance(CONTEXT);
  const step = (): Tensor => {
    decodeStep(net, state, 1);
    return nextLogits(net, state.lastHidden);
  };
  const { kvCache, convState, ssmState } = stateBytes(net.config, layoutFor(CONTEXT), CONTEXT);
  return {
    model: "Hymba-1.5B",
    weightBytes,
    stateBytes: kvCache + convState + ssmState,
    backend: net.backend,
    step,
  };
}

/** Tokens a second; only the last token's logits are waited for. */
async function rateOf({ backend, step }: Contestant, tokens: number): Promise<number> {
  await backend.read(step());
  const start = performance.now();
  for (let i = 1; i < tokens; i++) step();
  await backend.read(step());
  return 1000 * tokens / (performance.now() - start);
}

if (import.meta.main) {
  const [folder, flag] = Deno.args;
  const kind = flag === "--webgpu" ? "webgpu" : "wasm";
  const open = (): Promise<WasmBackend | WebGpuBackend> =>
    kind === "webgpu" ? openWebGpuBackend() : openWasmBackend();
  const backend = await open();
  const net = await openHymba(backend, folder);
  const { size } = await Deno.stat(`${folder}/1.5b-q4_0.gguf`);
  const cache = LENGTHS.map((tokens) => cacheRow(net, tokens));
  const contestants = [hymbaContestant(net, size)];
  for (const [name, config] of Object.entries(LLAMA_3_2)) {
    const backend = await open();
    const decoder = new LlamaDecoder(backend, config, "q4_0", CONTEXT + ROOM, CONTEXT);
    const stateBytes = CONTEXT * cacheBytesPerToken(config);
    const step = (): Tensor => decoder.step();
    contestants.push({
      model: `Llama-3.2-${name} shape`,
      weightBytes: decoder.weightBytes,
      stateBytes,
      backend,
      step,
    });
  }
  const tokens = kind === "wasm" ? 4 : 64;
  const rates = contestants.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const rate = await rateOf(contestant, tokens);
      if (round >= 0) rates[i].push(rate);
    }
  }
  const decode = contestants.map(({ model, weightBytes, stateBytes }, i) => ({
    model,
    weightBytes,
    stateBytes,
    rate: figure(rates[i]),
  }));
  console.table(decode.map(({ model, rate }) => ({ model, rate: rate.median })));
  const setting = await here(ROUNDS);
  const machine = "adapter" in backend ? JSON.stringify(backend.adapter) : setting.machine;
  await writeResults(
    `paper-${kind}`,
    {
      setting: { ...setting, machine },
      backend: kind,
      context: CONTEXT,
      cache,
      decode,
    } satisfies PaperResults,
  );
  for (const { backend } of contestants) backend.dispose();
}
