/** A hundred kills: `deno task test:kills`. */
import { testResume } from "./resume_cases.ts";

testResume("folder", 7, 10);
testResume("kv", 3, 10);
