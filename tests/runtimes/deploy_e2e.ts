/** The Deno Deploy entry on the Deno that Deploy runs. `deno task test:runtimes`. */
import { assertDeploys } from "../server/deploy_case.ts";
import { programOf, runtimeTest } from "./catalogue.ts";

const program = programOf("deno2.5");
runtimeTest(
  "server/deploy.ts serves without a flag, with the network's permission alone, in less than 512 MB",
  { runtime: "deno2.5", program },
  () => assertDeploys(program),
);
