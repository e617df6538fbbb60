/** A few kills, for every test run; `deno task test:kills` has a hundred. */
import { testResume } from "./resume_cases.ts";

testResume("folder", 1, 4);
testResume("kv", 1, 4);
