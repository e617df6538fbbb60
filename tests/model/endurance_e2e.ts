/** `deno task test:endurance`. */
import { testEndurance } from "./endurance_cases.ts";

testEndurance("default model", { tokens: 100_000, globalWindow: 256 });
