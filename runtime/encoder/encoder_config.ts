/** @file The encoder's options: their defaults, and the checks that no later part repeats. */
import { ConfigError } from "../errors.ts";
import { MAX_DECLARED_TOKENS } from "../state_layout.ts";

/** Options of {@linkcode HymbaEncoder.build}, Edifice's with its defaults. */
export interface EncoderOptions {
  /** Numbers that describe one time step of the input. */
  embedDim: number;
  /** Width of the network, and of what it returns. @default {256} */
  hiddenSize?: number;
  /** States of the scan for each of its 2 * hiddenSize channels. @default {16} */
  stateSize?: number;
  /** Layers. @default {4} */
  numLayers?: number;
  /** Attention heads; hiddenSize is a multiple of them. @default {4} */
  numHeads?: number;
  /** Learned keys and values that every layer's queries see in front of the sequence. @default {4} */
  numMetaTokens?: number;
  /** Share of activations that training drops between layers, from 0 to below 1: checked, and without effect here. @default {0} */
  dropout?: number;
  /** Length of the sequences that are expected: what a stream has room for unless told otherwise. No limit for `encode`. @default {60} */
  windowSize?: number;
  /** Whether meta states pass from layer to layer; false computes what Edifice's code does. See docs/encoder.md. @default {false} */
  metaPropagation?: boolean;
}

/** Options, checked, with every default filled in. */
export type EncoderConfig = Readonly<Required<EncoderOptions>>;

/** Channels of the convolution and the scan for each of the network's. */
const EXPANSION = 2;
/** Rows that the convolution sees. */
export const CONV_LENGTH = 4;
/** Width of the feed-forward network for each of the network's. */
const FFN_EXPANSION = 4;
/** Scan channels for each number that step sizes are projected from. */
const DT_REDUCTION = 16;
/** Largest of the sizes that a caller chooses, but for windowSize. */
const MAX_SIZE = 65536;

/** Edifice's defaults. */
export const ENCODER_DEFAULTS = {
  hiddenSize: 256,
  stateSize: 16,
  numLayers: 4,
  numHeads: 4,
  numMetaTokens: 4,
  dropout: 0,
  windowSize: 60,
  metaPropagation: false,
} as const satisfies Omit<EncoderConfig, "embedDim">;

/** Widths that follow from a config. */
export interface EncoderWidths {
  /** Channels of the convolution and the scan. */
  readonly dInner: number;
  /** Numbers that step sizes are projected from. */
  readonly dtRank: number;
  /** Width of the feed-forward network. */
  readonly ffnSize: number;
}

/** Widths that follow from `hiddenSize`. */
export function encoderWidths({ hiddenSize }: Pick<EncoderConfig, "hiddenSize">): EncoderWidths {
  const dInner = EXPANSION * hiddenSize;
  const dtRank = Math.max(1, Math.floor(dInner / DT_REDUCTION));
  return { dInner, dtRank, ffnSize: FFN_EXPANSION * hiddenSize };
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ConfigError} for an unknown option, a wrong type or a number out of range
 */
export function resolveEncoder(options: EncoderOptions): EncoderConfig {
  const config: EncoderConfig = { ...ENCODER_DEFAULTS, ...given(options) };
  const sizes = ["embedDim", "hiddenSize", "stateSize", "numLayers", "numHeads", "numMetaTokens"] as const;
  for (const name of sizes) requireInteger(config, name, MAX_SIZE);
  requireInteger(config, "windowSize", MAX_DECLARED_TOKENS);
  const { dropout, metaPropagation, hiddenSize, numHeads } = config;
  if (!(typeof dropout === "number" && dropout >= 0 && dropout < 1)) {
    throw invalid("dropout", dropout, "a number from 0 to below 1");
  }
  if (typeof metaPropagation !== "boolean") {
    throw invalid("metaPropagation", metaPropagation, "true or false");
  }
  if (hiddenSize % numHeads !== 0) {
    throw invalid("numHeads", numHeads, `a divisor of hiddenSize ${hiddenSize}`);
  }
  return config;
}

/** The options that are there; one that is undefined has its default. */
function given(options: EncoderOptions): EncoderOptions {
  if (typeof options !== "object" || options === null) {
    throw new ConfigError(
      "Cannot build an encoder: there are no options, expected an object with embedDim",
      "Say how many numbers describe one time step: { embedDim: 287 }",
    );
  }
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name] of entries) {
    if (name === "embedDim" || Object.hasOwn(ENCODER_DEFAULTS, name)) continue;
    throw new ConfigError(
      `Cannot use encoder option "${name}": it is unknown, expected embedDim, ${
        Object.keys(ENCODER_DEFAULTS).join(", ")
      }`,
      "Leave it out, or check its spelling",
    );
  }
  return Object.fromEntries(entries) as unknown as EncoderOptions;
}

function requireInteger(config: EncoderConfig, name: keyof EncoderConfig, most: number): void {
  const value = config[name];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return;
  throw invalid(name, value, `an integer from 1 to ${most}`);
}

function invalid(name: string, value: unknown, expected: string): ConfigError {
  const is = typeof value === "number" || value === undefined ? String(value) : JSON.stringify(value);
  return new ConfigError(
    `Cannot use encoder option "${name}": it is ${is}, expected ${expected}`,
    name === "embedDim"
      ? 'Give "embedDim" the width of one time step'
      : `Give "${name}" such a value, or leave it out`,
  );
}
