/**
 * The page in a real browser, served by the real handler: `deno task test:page`. PAGE_SCREENSHOTS names a folder for pictures to look
 * at.
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { loadModel, type Model } from "../../mod.ts";
import { createHandler } from "../../server/handler.ts";
import { CHROMIUM, runtimeTest } from "../runtimes/catalogue.ts";
import { type Chromium, openChromium } from "../runtimes/chromium.ts";
import { findAccessibilityProblems } from "./accessibility.ts";
import { PageDriver } from "./page_driver.ts";

const STORY = "Once upon a time";
const GREEDY = { Temperature: "0", "Tokens, at most": "20" };

interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/** The handler on the loopback address; without isolation as where a proxy drops its headers. */
function serve(model: Model, { isolated }: { isolated: boolean }): PageServer {
  const handler = createHandler(model);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const response = await handler(request);
    if (isolated) return response;
    const headers = new Headers(response.headers);
    for (const name of ["cross-origin-opener-policy", "cross-origin-embedder-policy"]) headers.delete(name);
    return new Response(response.body, { status: response.status, headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose](): Promise<void> {
      await handler.drain(0);
      await server.shutdown();
    },
  };
}

const model = await loadModel(undefined, { backend: "wasm" });

async function generated(prompt: string, maxTokens: number, stop?: string): Promise<string> {
  const tokens = model.generate(prompt, { temperature: 0, maxTokens, ...(stop && { stop }) });
  return (await Array.fromAsync(tokens, ({ text }) => text)).join("");
}

async function screenshot({ page }: PageDriver, name: string): Promise<void> {
  const folder = Deno.env.get("PAGE_SCREENSHOTS");
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

function pageTest(
  name: string,
  body: (driver: PageDriver, chromium: Chromium, server: PageServer) => Promise<void>,
  { isolated = true }: { isolated?: boolean } = {},
): void {
  runtimeTest(name, { runtime: "chromium", program: CHROMIUM }, async () => {
    await using server = serve(model, { isolated });
    await using chromium = await openChromium();
    const errors: Error[] = [];
    const page = await chromium.newPage(server.url);
    page.on("pageerror", (error) => errors.push(error));
    await body(new PageDriver(page), chromium, server);
    assertEquals(errors, []);
  });
}

pageTest("the page tells the model's own story with WebAssembly, and shows its layers", async (driver) => {
  assertMatch(
    await driver.ready(),
    /^WebAssembly · (relaxed|128-bit) SIMD Why: .+\. Ready after [\d.]+ s\.$/,
  );
  assert(await driver.page.evaluate(() => crossOriginIsolated));
  await driver.set(GREEDY);
  await driver.press("Write");
  await driver.done();
  assertEquals(await driver.text(), STORY + await generated(STORY, 20));
  assertMatch(await driver.status(), /^20\stokens · [\d.]+\stokens\/s · seed \d+ · cut off$/);
  const layers = await driver.layers();
  assertEquals(layers.length, model.config.layers.length);
  layers.forEach(({ layer, attention, branches, state }, i) => {
    assertMatch(layer, new RegExp(`^${i}${model.config.layers[i].attention}`));
    assertMatch(attention, /meta.*%,\swindow.*%/);
    assertMatch(branches, /attention.*%,\sMamba.*%/);
    assertMatch(state, /conv.*KB,\sSSM.*KB/);
  });
  await screenshot(driver, "story");
});

pageTest("the page tells the same story on several threads", async (driver) => {
  await driver.ready();
  await driver.set({ ...GREEDY, Backend: "WebAssembly, on all cores" });
  const cores = await driver.page.evaluate(() => navigator.hardwareConcurrency);
  const threads = cores > 1 ? ` · ${Math.min(8, cores)} threads` : "";
  assertMatch(await driver.ready(), new RegExp(`^WebAssembly · .* SIMD${threads} Why: `));
  await driver.press("Write");
  await driver.done();
  assertEquals(await driver.text(), STORY + await generated(STORY, 20));
});

pageTest("the page works without isolation, and says so", async (driver) => {
  assertMatch(await driver.ready(), /not isolated, so no shared memory/);
  await driver.set(GREEDY);
  await driver.press("Write");
  await driver.done();
  assertEquals(await driver.text(), STORY + await generated(STORY, 20));
}, { isolated: false });

pageTest("the page stops, continues and forks a story", async (driver) => {
  await driver.ready();
  await driver.set({ Pace: "20 tokens a second, to read along", Seed: "7", "Tokens, at most": "60" });
  await driver.press("Write");
  await driver.hasText(1, 60);
  await driver.page.keyboard.press("Escape");
  await driver.done();
  assertMatch(await driver.status(), /seed 7 · stopped$/);
  const stopped = await driver.text();
  await driver.set({ Pace: "as fast as it can", "Tokens, at most": "30" });
  await driver.press("Fork", 1);
  await driver.press("Continue", 1);
  await driver.set({ Seed: "8" });
  await driver.done();
  const [text, fork] = [await driver.text(1), await driver.text(2)];
  assert(text.startsWith(stopped) && fork.startsWith(stopped), "both go on from where it stopped");
  assert(text.length > stopped.length && fork.length > stopped.length);
  await screenshot(driver, "fork");
  await driver.press("Close", 2);
  assertEquals(await driver.page.locator(".column").count(), 1);
});

pageTest(
  "the page's forks of a story that runs lose no token, and each begins anew with Write",
  async (driver) => {
    await driver.ready();
    await driver.set({ ...GREEDY, "Tokens, at most": "200" });
    await driver.press("Write");
    await driver.hasText(1, 120);
    await driver.press("Fork", 1);
    await driver.hasText(2, 300);
    await driver.hasText(1, 300);
    const [text, fork] = [await driver.text(1), await driver.text(2)];
    assertEquals(fork.slice(0, 300), text.slice(0, 300), "greedy texts agree");
    await driver.set(GREEDY);
    await driver.press("Write");
    await driver.done();
    assertEquals(await driver.page.locator(".column").count(), 1);
    assertEquals(await driver.text(), STORY + await generated(STORY, 20));
  },
);

pageTest("the page answers a question about a text", async (driver) => {
  await driver.ready();
  await driver.page.getByLabel("Answer a question").check();
  const passage = await driver.page.getByLabel("A little text").inputValue();
  await driver.press("Answer");
  await driver.done();
  const prompt = `${passage}\n\nQuestion: Where was Chloe hiding?\nAnswer:`;
  assertEquals(await driver.text(), `${prompt} in the laundry basket`);
  await driver.press("What color was Ben's ball?");
  await driver.done();
  assertMatch(await driver.text(), /Question: What color was Ben's ball\?\nAnswer: red$/);
  await screenshot(driver, "question");
});

pageTest("the page works by keyboard alone", async (driver) => {
  const { page } = driver;
  await driver.ready();
  await page.getByLabel("The story begins").focus();
  await page.keyboard.press("End");
  await page.keyboard.type(", Ben");
  await page.keyboard.press("Control+Enter");
  await driver.hasText(1, 60);
  assert((await driver.text()).startsWith(`${STORY}, Ben`));
  await page.keyboard.press("Escape");
  await driver.done();
});

pageTest("the page works offline once loaded", async (driver, _chromium, server) => {
  await driver.ready();
  await driver.page.waitForFunction(() =>
    document.querySelector("#offline")!.textContent!.includes("works offline")
  );
  await server[Symbol.asyncDispose]();
  await driver.page.reload();
  await driver.ready();
  await driver.set(GREEDY);
  await driver.press("Write");
  await driver.done();
  assertEquals(await driver.text(), STORY + await generated(STORY, 20));
});

for (const colorScheme of ["light", "dark"] as const) {
  pageTest(`the page is accessible, and fits a phone, ${colorScheme}`, async (driver) => {
    await driver.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await driver.ready();
    await driver.set({ "Tokens, at most": "60", Seed: "3" });
    await driver.press("Write");
    await driver.done();
    await driver.press("Fork", 1);
    await driver.done();
    await driver.page.getByLabel("Show the numbers").check();
    assertEquals(await findAccessibilityProblems(driver.page), []);
    await screenshot(driver, `desktop-${colorScheme}`);
    await driver.page.setViewportSize({ width: 360, height: 740 });
    assertEquals(await driver.overflowing(), []);
    await screenshot(driver, `phone-${colorScheme}`);
    await driver.page.getByLabel("Show the numbers").uncheck();
    await driver.page.getByLabel("Answer a question").check();
    assertEquals(await findAccessibilityProblems(driver.page), []);
    assertEquals(await driver.overflowing(), []);
    const motion = await driver.page.$eval(".bar i", (bar) => getComputedStyle(bar).transitionDuration);
    assertEquals(motion, "0s");
  });
}

pageTest("the page runs the model with WebGPU where one asks for it", async (driver) => {
  const before = await driver.ready();
  await driver.set({ Backend: "WebGPU" });
  await driver.page.waitForFunction(() => !document.querySelector('[data-slot="submit"]:enabled'));
  const after = await driver.ready();
  assertNotEquals(after, before);
  assertMatch(after, /^WebGPU · /);
  await driver.set(GREEDY);
  await driver.press("Write");
  await driver.hasText(1, STORY.length + 8); // an emulated GPU takes seconds for a token
  await driver.press("Stop", 1);
  await driver.done();
  const text = await driver.text();
  assertEquals(text, (STORY + await generated(STORY, 20)).slice(0, text.length));
  assertMatch((await driver.layers())[0].attention, /meta.*%,\swindow.*%/);
  await screenshot(driver, "webgpu");
});
