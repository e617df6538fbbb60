/** Threads in every runtime that has them, and one thread where a page is not isolated. `deno task test:runtimes`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BackendReport } from "../../mod.ts";
import { CHROMIUM, programOf, runtimeTest } from "./catalogue.ts";
import { openChromium } from "./chromium.ts";
import { compareThreads } from "./compare_threads.js";
import { createNpmProject, runToEnd } from "./npm_project.ts";
import { serveFolder } from "./serve_folder.ts";

const HERE = new URL("./", import.meta.url);

const project = await createNpmProject();
globalThis.addEventListener("unload", () => Deno.removeSync(project.folder, { recursive: true }));

interface Comparison {
  readonly backends: readonly BackendReport[];
  readonly isSame: boolean;
}

function assertShared({ backends, isSame }: Comparison): void {
  assertEquals(backends.map(({ threads }) => threads), [1, 2], backends[1].reason);
  assert(isSame, "the logits differ");
}

for (const runtime of ["node22", "node24", "bun"]) {
  const program = programOf(runtime);
  runtimeTest(
    "loadModel gives the same bits on two threads, and lets go of them",
    { runtime, program },
    async () => {
      for (const file of ["threads.js", "compare_threads.js"]) {
        await Deno.copyFile(new URL(file, HERE), `${project.folder}/${file}`);
      }
      assertShared(JSON.parse(await runToEnd([program, "threads.js"], { cwd: project.folder })));
    },
  );
}

/** Compares in a page. */
async function inChromium(headers: Readonly<Record<string, string>>): Promise<Comparison> {
  await using server = serveFolder(project.packageFolder, headers);
  await using chromium = await openChromium();
  const page = await chromium.newPage(`${server.url}empty.html`);
  return await page.evaluate(async ([url, compare]) => {
    const { loadModel } = await import(url);
    return await (0, eval)(`(${compare})`)(loadModel);
  }, [`${server.url}browser.js`, compareThreads.toString()] as const);
}

runtimeTest(
  "loadModel gives the same bits on two threads in an isolated page",
  { runtime: "chromium", program: CHROMIUM },
  async () => {
    assertShared(
      await inChromium({
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      }),
    );
  },
);

runtimeTest(
  "loadModel computes on one thread in a page that is not isolated, and in one that allows no blob: workers",
  { runtime: "chromium", program: CHROMIUM },
  async () => {
    const places = [
      [{}, /one thread, because the page is not cross-origin isolated$/],
      [{
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "content-security-policy": "worker-src 'self'",
      }, /one thread, because threads cannot start: /],
    ] as const;
    for (const [headers, why] of places) {
      const { backends, isSame } = await inChromium(headers);
      assertEquals(backends.map(({ threads }) => threads), [1, 1]);
      assertMatch(backends[1].reason, why);
      assert(isSame);
    }
  },
);
