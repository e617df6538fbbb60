// What a typed user of the npm build writes; it is checked, not run.
import { ConfigError, loadModel, type Token } from "@hymba/runtime";

const model = await loadModel(undefined, { backend: { kind: "wasm" } });
for await (const token of model.generate("Once upon a time", { temperature: 0 })) {
  const { text }: Token = token;
  console.log(text, token.index.toFixed());
}
// @ts-expect-error the declarations know it to be a number
const hiddenSize: string = model.config.hiddenSize;
console.log(hiddenSize, ConfigError);
