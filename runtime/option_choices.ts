/** @file The load options that are one of few words, and a check for callers whose types do not hold them to these. */
import { ACTIVATION_STEPS, type ActivationPrecision } from "./activation_precision.ts";
import type { WindowRule } from "./config.ts";
import { ConfigError } from "./errors.ts";
import type { KvDtype } from "./state_layout.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "./tensor.ts";

/** Window rules. */
export const WINDOW_RULES: readonly WindowRule[] = ["release", "decode"];
/** Storage types of keys and values. */
export const KV_DTYPES: readonly KvDtype[] = ["f32", "f16"];

/** Options as {@linkcode loadModel} takes them. */
interface ChosenOptions {
  readonly quantization?: WeightDtype;
  readonly activations?: ActivationPrecision;
  readonly kvDtype?: KvDtype;
  readonly windowRule?: WindowRule;
}

const CHOICES: Readonly<Record<keyof ChosenOptions, readonly string[]>> = {
  quantization: WEIGHT_DTYPES,
  activations: Object.keys(ACTIVATION_STEPS),
  kvDtype: KV_DTYPES,
  windowRule: WINDOW_RULES,
};

/** Throws `ConfigError`, with what there is, where an option is none of its words; left out, it is right. */
export function checkChoices(options: ChosenOptions): void {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value: unknown = options[name as keyof ChosenOptions];
    if (value === undefined || choices.includes(value as string)) continue;
    const list = choices.map((choice) => `"${choice}"`).join(", ");
    throw new ConfigError(
      `Cannot use option "${name}": it is ${JSON.stringify(value)}, expected one of ${list}`,
      "Choose one of these, or leave the option out",
    );
  }
}
