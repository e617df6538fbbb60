/** @file The WebGPU backend on real GPUs. */
import { picture, type Section, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

/** What bench/webgpu/gpu.ts writes of one shape in one storage type. */
interface ModelRow {
  readonly shape: string;
  readonly dtype: string;
  readonly adapter: { readonly description?: string; readonly vendor?: string; readonly device?: string };
  readonly floor: {
    readonly weightBytes: number;
    readonly stateBytes: number;
    readonly milliseconds: number;
  };
  readonly decode: readonly {
    readonly position: number;
    readonly total: number;
    readonly encode: number;
    readonly dispatches: number;
    readonly tokensPerSecond: number;
  }[];
  readonly prefill: readonly {
    readonly tokens: number;
    readonly total: number;
    readonly tokensPerSecond: number;
  }[];
}

/** bench/results/webgpu.json: gpu.ts's own report, with the date and the card, and what PyTorch did on it. */
export interface GpuResults {
  readonly date: string;
  readonly card: string;
  readonly runtime: string;
  readonly copyBytesPerSecond: number;
  readonly caller: {
    readonly tokensPerSecond: number;
    readonly tokens: number;
    readonly firstTokenMilliseconds: number;
    readonly promptTokensPerSecond: number;
    /** How it was measured, where not with the rest. */
    readonly note?: string;
  };
  readonly models: readonly ModelRow[];
  /** What bench/webgpu/pytorch_peer.py prints; absent: not measured. */
  readonly pytorch?: {
    readonly position: number;
    readonly torch: string;
    readonly eagerMilliseconds: number;
    readonly graphMilliseconds: number;
    readonly copyBytesPerSecond: number;
  };
}

/** A table of decoding, one of prompts, and a plot. */
export function gpuSection(results: GpuResults): Section {
  const { date, card, runtime, caller, pytorch } = results;
  // CUDA's own copy shows what the card can do.
  const copyRate = pytorch?.copyBytesPerSecond ?? results.copyBytesPerSecond;
  const models = results.models.map((model) => ({ ...model, floor: floorAt(model, copyRate) }));
  const lines = [
    "## WebGPU",
    "",
    `${date}, ${card}, ${runtime}. Copies move ${short(copyRate / 1e12)} TB/s there (bytes read and written`,
    "together); the floor is a token's weights and state at that rate. Random weights, keys and values in f16; what each",
    "version of the kernels was expected to do, and did: `bench/webgpu/NOTES.md`.",
    "",
    ...decodeTable(models),
    "",
    picture("webgpu_decode.svg", "Decode rates on a GPU"),
    "",
    ...promptTable(models),
    "",
    ...callerLines(caller),
    ...pytorchLines(results),
  ];
  return { lines, plots: new Map([["webgpu_decode.svg", decodePlot(models)]]) };
}

function floorAt({ floor }: ModelRow, copyRate: number): ModelRow["floor"] {
  return { ...floor, milliseconds: 1000 * (floor.weightBytes + floor.stateBytes) / copyRate };
}

function nameOf({ shape, dtype }: ModelRow): string {
  return `${shape} ${dtype}`;
}

function decodeTable(models: readonly ModelRow[]): string[] {
  return table(
    ["model", "tokens in context", "ms a token", "tokens/s", "floor, ms", "kernels", "encoding, ms"],
    models.flatMap((model) =>
      model.decode.map(({ position, total, tokensPerSecond, dispatches, encode }) => [
        nameOf(model),
        position.toLocaleString("en"),
        short(total),
        short(tokensPerSecond),
        short(model.floor.milliseconds),
        String(dispatches),
        short(encode),
      ])
    ),
  );
}

function promptTable(models: readonly ModelRow[]): string[] {
  return table(
    ["model", "tokens of the prompt", "tokens/s", "to the first token, ms"],
    models.flatMap((model) =>
      model.prefill.map(({ tokens, tokensPerSecond, total }) => [
        nameOf(model),
        tokens.toLocaleString("en"),
        short(tokensPerSecond),
        short(total),
      ])
    ),
  );
}

function decodePlot(models: readonly ModelRow[]): string {
  const positions = models[0].decode.map(({ position }) => position);
  return barChart({
    title: "Decode on a GPU",
    unit: "tokens/s",
    groups: models.map(nameOf),
    series: [
      ...positions.map((position, i) => ({
        name: `at ${position} tokens`,
        values: models.map(({ decode }) => decode[i].tokensPerSecond),
      })),
      { name: "the floor", values: models.map(({ floor }) => 1000 / floor.milliseconds) },
    ],
    logarithmic: true,
  });
}

function callerLines(
  { tokensPerSecond, tokens, firstTokenMilliseconds, promptTokensPerSecond, note }: GpuResults["caller"],
): string[] {
  return [
    `The default model as a caller meets it: ${
      short(tokensPerSecond)
    } tokens/s over ${tokens} sampled tokens, the first`,
    `after ${short(firstTokenMilliseconds)} ms, a prompt of 512 at ${short(promptTokensPerSecond)} tokens/s.`,
    ...note === undefined ? [] : [note],
    "",
  ];
}

function pytorchLines({ pytorch, card }: GpuResults): string[] {
  if (pytorch === undefined) return ["PyTorch on such a card: not measured.", ""];
  const { position, torch, eagerMilliseconds, graphMilliseconds } = pytorch;
  return [
    `PyTorch ${torch} on such a card (${card}; \`bench/webgpu/pytorch_peer.py\`: Hymba-1.5B's shape, bf16, one sequence at`,
    `${position.toLocaleString("en")} tokens): ${short(1000 / eagerMilliseconds)} tokens/s eager, ${
      short(1000 / graphMilliseconds)
    } replayed as a CUDA graph.`,
    "",
  ];
}
