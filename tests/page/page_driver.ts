/** @file The page in a browser, in the words of its tests. */
import type { Page } from "playwright-core";

/** Milliseconds that anything on the page may take, emulated GPUs included. */
const PATIENCE_MS = 240_000;

/** What the layer table says of one layer, in words. */
export interface LayerFigures {
  readonly layer: string;
  readonly attention: string;
  readonly branches: string;
  readonly state: string;
}

/** Drives a page that is open. */
export class PageDriver {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits for the model, and returns what the page says of the backend. */
  async ready(): Promise<string> {
    await this.page.waitForSelector('[data-slot="submit"]:enabled, #failure:not([hidden])', {
      timeout: PATIENCE_MS,
    });
    const failure = await this.page.textContent("#failure");
    if (failure) throw new Error(failure);
    return (await this.page.innerText("#engine")).replace(/\s+/g, " ");
  }

  /** Sets fields of the form by their labels. */
  async set(fields: Readonly<Record<string, string>>): Promise<void> {
    const settings = this.page.locator("details.settings");
    if (await settings.getAttribute("open") === null) await this.page.click(".settings summary");
    for (const [label, value] of Object.entries(fields)) {
      const field = this.page.getByLabel(label, { exact: true });
      const isSelect = await field.evaluate((element: Element) => element.tagName === "SELECT");
      if (isSelect) await field.selectOption({ label: value });
      else await field.fill(value);
    }
  }

  /** Presses a button of the page, or of a column. */
  async press(name: string, column = 0): Promise<void> {
    const root = column === 0 ? this.page.locator("body") : this.column(column);
    await root.getByRole("button", { name, exact: true }).first().click();
  }

  /** The column, counted from 1. */
  column(index: number): ReturnType<Page["locator"]> {
    return this.page.locator(".column").nth(index - 1);
  }

  /** Waits until no column writes. */
  async done(): Promise<void> {
    await this.page.waitForFunction(
      () => document.querySelector(".column") && !document.querySelector('.column[aria-busy="true"]'),
      null,
      { timeout: PATIENCE_MS },
    );
  }

  /** Waits until a column has at least so many characters. */
  async hasText(index: number, length: number): Promise<void> {
    await this.page.waitForFunction(
      ([index, length]) =>
        (document.querySelectorAll(".column .text")[index]?.textContent?.length ?? 0) >= length,
      [index - 1, length] as const,
      { timeout: PATIENCE_MS },
    );
  }

  /** A column's whole text. */
  async text(index = 1): Promise<string> {
    return await this.column(index).locator(".text").textContent() ?? "";
  }

  /** What a column says of its last run. */
  async status(index = 1): Promise<string> {
    return await this.column(index).locator('[data-slot="status"]').textContent() ?? "";
  }

  /** What the table of layers says. */
  async layers(): Promise<LayerFigures[]> {
    return await this.page.$$eval(".layers tbody tr", (rows) =>
      rows.map((row) => {
        const [layer, attention, branches, state] = [...row.children].map((cell) => cell.textContent ?? "");
        return { layer, attention, branches, state };
      }));
  }

  /** What is wider than the room that it has: the page, or text in a cell of the table. */
  async overflowing(): Promise<string[]> {
    return await this.page.$$eval(
      "html, td, th",
      (elements) =>
        elements.filter((element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0)
          .map((element) =>
            `<${element.localName}> ${element.localName === "html" ? "" : element.textContent}`
          ),
    );
  }
}
