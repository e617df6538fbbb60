/**
 * @file This runtime beside llama.cpp (wllama) and ONNX Runtime (onnxruntime-web), all in WebAssembly in one headless Chromium, models of one
 * size, random weights, rounds interleaved: `deno task bench:peers FOLDER`. FOLDER keeps the models. Needs Chromium; for ONNX Runtime
 * python3 with onnx==1.23.1 (PYTHON names another interpreter), without which it is not measured.
 */
import type { Page } from "playwright-core";
import { createNpmProject } from "../../tests/runtimes/npm_project.ts";
import { openChromium } from "../../tests/runtimes/chromium.ts";
import { writeRandomCheckpoint } from "../random_checkpoint.ts";
import { type Figure, figure, here, type Setting, writeResults } from "../results.ts";
import { llamaParameters, writeLlama } from "./llama_gguf.ts";
import { packageFolder } from "./packages.ts";
import { servePeers } from "./serve.ts";
import { type Pair, PAIRS } from "./shapes.ts";

/** One contestant on one model. */
export interface PeerRow {
  readonly pair: string;
  readonly dtype: "q8_0" | "q4_0";
  readonly contestant: string;
  readonly threads: number;
  /** Bytes of the model's file. */
  readonly fileBytes: number;
  /** Tokens, or passes over the matrices, a second. */
  readonly rate: Figure;
}

/** bench/results/peers.json. */
export interface PeerResults {
  readonly setting: Setting;
  readonly browser: string;
  readonly packages: readonly string[];
  readonly rows: readonly PeerRow[];
}

/** Exact versions: what is compared must not change under us. */
const WLLAMA = "@wllama/wllama@3.13.0";
const ONNX_RUNTIME = "onnxruntime-web@1.30.0";
const ROUNDS = 5;

/** A contestant's name in contestants.js -> the end of its model's name. */
const CONTESTANTS = {
  hymba: "hymba.gguf",
  hymbaOneByte: "hymba.gguf",
  wllama: "llama.gguf",
  onnxruntime: "matmuls.onnx",
} as const;
type Contestant = keyof typeof CONTESTANTS;

/** Tokens of a round; passes of ONNX Runtime, which is slow and depends on no context, are a quarter. */
function roundOf({ tokens }: Pair, contestant: Contestant): number {
  return contestant === "onnxruntime" ? tokens / 4 : tokens;
}

interface Opened {
  readonly contestant: Contestant;
  readonly page: Page;
  readonly threads: number;
  readonly fileBytes: number;
  readonly rates: number[];
}

async function makeModel(
  contestant: Contestant,
  pair: Pair,
  dtype: PeerRow["dtype"],
  path: string,
): Promise<void> {
  if (await Deno.stat(path).then(() => true, () => false)) return;
  if (CONTESTANTS[contestant] === "hymba.gguf") return await writeRandomCheckpoint(pair.hymba, path, dtype);
  if (contestant === "wllama") return await writeLlama(pair.llama, dtype, path);
  const config = `${path}.json`;
  await Deno.writeTextFile(config, pair.hymba);
  const script = decodeURIComponent(new URL("matmuls_onnx.py", import.meta.url).pathname);
  const args = [script, config, dtype === "q8_0" ? "8" : "4", path];
  const { success, stderr } = await new Deno.Command(Deno.env.get("PYTHON") ?? "python3", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/**
 * Opens a contestant in a page of its own and lets it run a round that does not count, so that the engine has optimised its code. Gives
 * the number of its threads; null, with the reason on standard error, where it cannot run.
 */
async function open(
  contestant: Contestant,
  page: Page,
  file: string,
  { threads, round }: { threads: number; round: number },
): Promise<number | null> {
  const expression = `import("/contestants/contestants.js")
    .then((all) => all.${contestant}({ file: "/models/${file}", threads: ${threads} }))
    .then((opened) => { globalThis.opened = opened; return opened.threads; })`;
  try {
    const found = await page.evaluate(expression) as number;
    await page.evaluate(`globalThis.opened.rate(${round})`);
    return found;
  } catch (error) {
    console.error(`${contestant}, ${file}, ${threads} threads: not measured: ${error}`);
    return null;
  }
}

async function compare(
  pair: Pair,
  dtype: PeerRow["dtype"],
  threads: number,
  folder: string,
  url: string,
): Promise<PeerRow[]> {
  await using browser = await openChromium();
  const contestants: Opened[] = [];
  for (const contestant of Object.keys(CONTESTANTS) as Contestant[]) {
    const file = `${pair.name}-${dtype}-${CONTESTANTS[contestant]}`;
    try {
      await makeModel(contestant, pair, dtype, `${folder}/${file}`);
    } catch (error) {
      console.error(`${file}: not measured: ${error}`);
      continue;
    }
    const page = await browser.newPage(url);
    const found = await open(contestant, page, file, { threads, round: roundOf(pair, contestant) });
    const { size } = await Deno.stat(`${folder}/${file}`);
    if (found !== null) contestants.push({ contestant, page, threads: found, fileBytes: size, rates: [] });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contestant, page, rates } of contestants) {
      rates.push(await page.evaluate(`opened.rate(${roundOf(pair, contestant)})`) as number);
    }
  }
  return contestants.map(({ contestant, threads, fileBytes, rates }) => ({
    ...{ pair: pair.name, dtype, contestant, threads, fileBytes },
    rate: figure(rates),
  }));
}

if (import.meta.main) {
  const [folder] = Deno.args;
  await Deno.mkdir(folder, { recursive: true });
  await using project = await createNpmProject();
  await using server = servePeers({
    hymba: project.packageFolder,
    wllama: await packageFolder(WLLAMA),
    ort: await packageFolder(ONNX_RUNTIME),
    contestants: decodeURIComponent(new URL(".", import.meta.url).pathname),
    models: folder,
  });
  const rows: PeerRow[] = [];
  for (const pair of PAIRS) {
    console.error(`${pair.name}: the Llama has ${llamaParameters(pair.llama)} parameters`);
    for (const dtype of ["q8_0", "q4_0"] as const) {
      for (const threads of [1, 2]) rows.push(...await compare(pair, dtype, threads, folder, server.url));
      console.error(
        rows.slice(-8).map(({ contestant, threads, rate }) =>
          `${contestant} ${threads}: ${rate.median.toPrecision(3)}`
        ).join(", "),
      );
    }
  }
  await using browser = await openChromium();
  const version = browser.context.browser()?.version() ?? "Chromium";
  const packages = [WLLAMA, ONNX_RUNTIME];
  await writeResults(
    "peers",
    { setting: await here(ROUNDS), browser: version, packages, rows } satisfies PeerResults,
  );
}
