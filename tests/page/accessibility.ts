/** @file What a page owes those who do not see it, see it badly, or use no mouse; as far as a program can tell. */
import type { Page } from "playwright-core";

/** Contrast that text needs against what is behind it (WCAG 2.2, 1.4.3). */
const MIN_CONTRAST = 4.5;

/** What is wrong with the page as it is now, a sentence each. */
export async function findAccessibilityProblems(page: Page): Promise<string[]> {
  return [
    ...await page.evaluate(namelessControls),
    ...await page.evaluate(faintTexts, MIN_CONTRAST),
    ...await page.evaluate(structureProblems),
  ];
}

/** Controls that have no name. Runs in the page. */
function namelessControls(): string[] {
  const controls = [
    ...document.querySelectorAll<HTMLElement>("button, input, select, textarea, progress, [tabindex]"),
  ];
  const nameOf = (element: HTMLElement): string => {
    const labels = [...(element as HTMLInputElement).labels ?? []].map((label) => label.textContent).join(
      " ",
    );
    return (element.getAttribute("aria-label") ?? "") + labels +
      (element.matches("button") ? element.textContent : "");
  };
  return controls.filter((control) => nameOf(control).trim() === "").map((control) =>
    `No name: ${control.outerHTML}`
  );
}

/** Structure that readers rely on. Runs in the page. */
function structureProblems(): string[] {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  const problems = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) =>
    `Two elements have the id "${id}"`
  );
  if (document.documentElement.lang === "") problems.push("The page does not say its language");
  if (document.querySelectorAll("h1").length !== 1) problems.push("The page has no one main heading");
  for (const table of document.querySelectorAll("table")) {
    if (table.querySelector("th:not([scope])")) problems.push("A table's heading does not say what it heads");
  }
  return problems;
}

/** Visible texts that are too faint, as they are painted now. Runs in the page. */
function faintTexts(minContrast: number): string[] {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  /** Paints colours over each other, the first one at the back, and reads the result. */
  const blend = (colors: readonly string[]): number[] => {
    for (const color of colors) {
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb: readonly number[]): number => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) =>
      v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgrounds = (element: Element | null): string[] =>
    element === null
      ? ["white"]
      : [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor];
  return [...document.querySelectorAll<HTMLElement>("body *")].flatMap((element) => {
    const ownText = [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map((node) =>
      node.textContent
    ).join("");
    const isShown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const isDisabled = element.matches(":disabled");
    if (ownText.trim() === "" || !isShown || isDisabled || element.matches("option, noscript, .unseen")) {
      return [];
    }
    const behind = backgrounds(element);
    const [text, back] = [blend([...behind, getComputedStyle(element).color]), blend(behind)].map(luminance);
    const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    return contrast >= minContrast
      ? []
      : [`Contrast ${contrast.toFixed(2)}: "${ownText.trim().slice(0, 40)}"`];
  });
}
