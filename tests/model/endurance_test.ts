/** `deno task test:endurance` generates 100,000 tokens; here are fewer. */
import { testEndurance } from "./endurance_cases.ts";

testEndurance("default model", { tokens: 600, globalWindow: 128 });
testEndurance("tiny-pair", {
  tokens: 4000,
  globalWindow: 64,
  checkpoint: new URL("../fixtures/tiny-pair", import.meta.url),
});
