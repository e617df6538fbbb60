/** @file A headless Chromium, driven by playwright-core. */
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { CHROMIUM } from "./catalogue.ts";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--enable-unsafe-webgpu", // an emulated GPU counts
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a profile of its own. */
export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext;
  /** Opens a page; what it logs as errors is printed. */
  newPage(url: string): Promise<Page>;
}

/** Starts a browser. */
export async function openChromium(): Promise<Chromium> {
  const profile = await Deno.makeTempDir();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ARGS,
  });
  return {
    context,
    async newPage(url: string): Promise<Page> {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(error));
      await page.goto(url);
      return page;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await context.close();
      await Deno.remove(profile, { recursive: true });
    },
  };
}
