/** @file `hymba inspect`: architecture, layers, tensors and state sizes, without reading a weight. */
import { Command } from "commander";
import type { HymbaConfig } from "../runtime/config.ts";
import { Interrupt } from "./interrupt.ts";
import type { ModelFacts, StateFacts } from "./model_facts.ts";
import { MODEL_FLAG } from "./model_flags.ts";
import { formatBytes, formatCount, formatTable } from "./sizes.ts";
import { writeOutput } from "./terminal.ts";

interface InspectFlags {
  readonly model?: string;
  readonly json?: boolean;
}

/** The command and its flags. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("Shows architecture, layers, tensors and what a session's state costs; reads headers only.")
    .argument("[model]", "the same as --model")
    .option(...MODEL_FLAG)
    .option("--json", "one JSON object")
    .action((given: string | undefined, flags: InspectFlags) => inspect(given ?? flags.model, flags));
}

async function inspect(model: string | undefined, { json }: InspectFlags): Promise<void> {
  using interrupt = new Interrupt();
  const { openCheckpoint } = await import("../runtime/checkpoint.ts");
  const { parseConfig } = await import("../runtime/config.ts");
  const { openStories } = await import("../models/stories/open_stories.ts");
  const { modelFacts } = await import("./model_facts.ts");
  const { checkMetaState } = await import("../runtime/meta_state_tensors.ts");
  const { checkTensors } = await import("../runtime/load_tensors.ts");
  const { tensorSpecs } = await import("../runtime/weights.ts");
  const { Download } = await import("./download.ts");
  using download = await Download.prepare(model);
  const checkpoint = await openCheckpoint(model ?? await openStories(), {
    signal: interrupt.signal,
    download: download.options,
    headersOnly: true,
  });
  try {
    const facts = modelFacts(checkpoint, parseConfig(checkpoint.configJson));
    const source = model ?? "the default model";
    await writeOutput(json ? `${toJson(source, facts)}\n` : toText(source, facts));
    checkTensors(checkpoint.tensors, tensorSpecs(facts.config));
    if (checkpoint.metaState !== null) checkMetaState(checkpoint.metaState, facts.config);
  } finally {
    await checkpoint.tensors.close();
  }
}

function toJson(source: string, { config, ...facts }: ModelFacts): string {
  const inverseFrequencies = Array.from(config.inverseFrequencies);
  return JSON.stringify({ source, config: { ...config, inverseFrequencies }, ...facts });
}

function toText(source: string, facts: ModelFacts): string {
  const { config, tensors, byDtype } = facts;
  const sections = [
    `${source}: ${formatCount(facts.parameters)} parameters in ${tensors.length} tensors, ${
      formatBytes(facts.bytes)
    }\n${formatTable(architecture(facts))}`,
    `Layers\n${formatTable(layerRows(config))}`,
    `Tensors\n${
      formatTable([
        ["name", "dtype", "shape", "bytes"],
        ...tensors.map(({ name, dtype, shape, bytes }) => [name, dtype, shape.join(" x "), bytes]),
      ])
    }`,
    `Tensors by dtype\n${
      formatTable([
        ["dtype", "tensors", "parameters", "bytes"],
        ...byDtype.map(({ dtype, tensors, parameters, bytes }) => [dtype, tensors, parameters, bytes]),
      ])
    }`,
    `State of a session by its maxContext, in bytes\n${formatTable(stateRows(facts.state))}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function architecture({ config, metaState }: ModelFacts): [string, string][] {
  const { numHeads, numKvHeads, headDim, vHeadDim, windowSize, windowRule, numMetaTokens } = config;
  const { dInner, dState, dConv, dtRank, vocabSize, tieWordEmbeddings } = config;
  return [
    ["hidden", `${config.hiddenSize} wide, MLP ${config.intermediateSize}`],
    [
      "attention",
      `${numHeads} query heads on ${numKvHeads} key-value heads, keys ${headDim} and values ${vHeadDim} wide`,
    ],
    ["window", `${windowSize} tokens (rule "${windowRule}") and ${numMetaTokens} meta tokens`],
    [
      "meta tokens",
      metaState === null
        ? "their state is computed when the model is loaded"
        : `their state is in the file: ${metaState.tensors} tensors more, ${formatBytes(metaState.bytes)}`,
    ],
    ["mamba", `inner ${dInner} wide, ${dState} states, convolution over ${dConv}, dt rank ${dtRank}`],
    [
      "vocabulary",
      `${formatCount(vocabSize)} tokens, ${tieWordEmbeddings ? "tied" : "separate"} output head`,
    ],
    ["positions", `trained on ${formatCount(config.maxPositionEmbeddings)}`],
  ];
}

function layerRows({ layers }: HymbaConfig): (string | number)[][] {
  const rows = layers.map(({ attention, kvOwner }, layer) => [
    layer,
    attention,
    kvOwner === layer ? "its own" : `of layer ${kvOwner}`,
  ]);
  return [["layer", "attention", "keys and values"], ...rows];
}

function stateRows(state: readonly StateFacts[]): (string | number)[][] {
  const at = (tokens: number, dtype: string, at: string): StateFacts =>
    state.find(({ tokens: n, kvDtype, device }) => n === tokens && kvDtype === dtype && device === at)!;
  const rows = [...new Set(state.map(({ tokens }) => tokens))].map((tokens) => {
    const { kvCache, total } = at(tokens, "f32", "cpu");
    return [
      tokens,
      total - kvCache,
      total,
      at(tokens, "f16", "cpu").total,
      at(tokens, "f16", "gpu").total,
    ];
  });
  return [["tokens", "without K/V", "all, f32 K/V", "all, f16 K/V", "on a GPU"], ...rows];
}
