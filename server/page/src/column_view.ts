/** @file One text on the page, with its buttons. */
import type { GenerationSummary } from "../../../runtime/generation_options.ts";
import { create, find } from "./elements.ts";
import { formatRate, formatTokens } from "./formats.ts";
import type { ColumnId } from "./messages.ts";

/** What a column's buttons ask for. */
export type ColumnAct = "stop" | "continue" | "fork" | "close";

const ACTS: readonly ColumnAct[] = ["stop", "continue", "fork", "close"];

/** What a column begins with. */
export interface Beginning {
  /** Set apart from what is generated. */
  readonly prompt: string;
  /** Where continuations end; left out: nowhere. */
  readonly stop?: string;
  /** Text of the tokens generated so far, one by one. */
  readonly pieces: readonly string[];
}

/** Shows a text as it comes. */
export class ColumnView {
  readonly id: ColumnId;
  readonly element: HTMLElement;
  readonly #begins: Beginning;
  readonly #pieces: string[];
  readonly #text: HTMLElement;
  #shownPieces = 0;
  #tokens = 0;
  #startedAt = 0;
  #isRunning = false;
  #isComplete = false;
  #run = 0;

  /** A column that shows its beginning. */
  constructor(id: ColumnId, begins: Beginning, onAct: (act: ColumnAct, id: ColumnId) => void) {
    this.id = id;
    this.#begins = begins;
    this.#pieces = [...begins.pieces];
    const template = find(document, "#column-template", HTMLTemplateElement);
    const fragment = template.content.cloneNode(true) as DocumentFragment;
    this.element = find(fragment, "article", HTMLElement);
    this.#text = this.#slot("text");
    this.#slot("title").textContent = id === "a" ? "Text" : "Fork";
    this.#text.setAttribute("aria-label", id === "a" ? "The text" : "The fork's text");
    this.#text.append(create("span", "prompt", begins.prompt));
    this.flush();
    for (const act of ACTS) this.#button(act).addEventListener("click", () => onAct(act, id));
    this.#button("fork").hidden = id === "b" || begins.stop !== undefined;
    this.#button("close").hidden = id === "a";
  }

  /** Where continuations end; undefined: nowhere. */
  get stop(): string | undefined {
    return this.#begins.stop;
  }

  /** Where a fork begins: at the end of what is there, or, of a text that is complete, near its middle, at the end of a word. */
  get forkPoint(): Beginning {
    const half = Math.ceil(this.#pieces.length / 2);
    const wordEnd = this.#pieces.findIndex((piece, i) => i >= half && /^\s/.test(piece));
    const middle = wordEnd < 0 ? half : wordEnd;
    return { ...this.#begins, pieces: this.#pieces.slice(0, this.#isComplete ? middle : undefined) };
  }

  /** What runs; what is told of earlier runs is out of date. */
  get run(): number {
    return this.#run;
  }

  /** Tokens of a run are going to come. */
  start(run: number): void {
    this.#run = run;
    this.#tokens = 0;
    this.#isComplete = false;
    this.#slot("status").textContent = "";
    this.#setRunning(true);
  }

  /** Takes a token's text; it is on the page with the next frame. */
  add(text: string): void {
    if (this.#tokens++ === 0) this.#startedAt = performance.now();
    if (this.#shownPieces === this.#pieces.length) requestAnimationFrame(() => this.flush());
    this.#pieces.push(text);
  }

  /** Puts what came on the page. */
  flush(): void {
    const atEnd = this.#text.scrollHeight - this.#text.scrollTop - this.#text.clientHeight < 40;
    this.#text.append(this.#pieces.slice(this.#shownPieces).join(""));
    this.#shownPieces = this.#pieces.length;
    if (atEnd) this.#text.scrollTop = this.#text.scrollHeight;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    if (!this.#isRunning || seconds < 0.25) return;
    this.#slot("speed").textContent = formatRate((this.#tokens - 1) / seconds);
  }

  /** No more tokens come. */
  end({ finishReason, generatedTokens, decodeTokensPerSecond, seed }: GenerationSummary): void {
    this.flush();
    // The end-of-text token came with a piece, but is no part of the session.
    if (finishReason === "eos") this.#shownPieces = this.#joinLastPieces();
    this.#isComplete = finishReason === "eos";
    this.#setRunning(false);
    const why = { stop: "complete", eos: "complete", length: "cut off", abort: "stopped" }[finishReason];
    const speed = decodeTokensPerSecond === null ? [] : [formatRate(decodeTokensPerSecond)];
    this.#slot("status").textContent = [formatTokens(generatedTokens), ...speed, `seed ${seed}`, why].join(
      " · ",
    );
  }

  /** Something went wrong. */
  fail(): void {
    this.flush();
    this.#setRunning(false);
    this.#slot("status").textContent = "failed";
  }

  /** Makes one of the last two pieces; returns how many there are now. */
  #joinLastPieces(): number {
    const last = this.#pieces.splice(-2).join("");
    return this.#pieces.push(last);
  }

  #setRunning(isRunning: boolean): void {
    this.#isRunning = isRunning;
    this.element.setAttribute("aria-busy", String(isRunning));
    const hadFocus = [this.#button("stop"), this.#button("continue")].includes(
      document.activeElement as HTMLButtonElement,
    );
    this.#slot("speed").textContent = "";
    this.#button("stop").hidden = !isRunning;
    this.#button("continue").hidden = isRunning || this.stop !== undefined;
    this.#button("fork").textContent = this.#isComplete ? "Fork halfway" : "Fork";
    // Whoever worked the button that went away goes on with the one in its place.
    if (hadFocus) this.#button(isRunning ? "stop" : "continue").focus();
  }

  #slot(name: string): HTMLElement {
    return find(this.element, `[data-slot="${name}"]`, HTMLElement);
  }

  #button(act: ColumnAct): HTMLButtonElement {
    return find(this.element, `[data-act="${act}"]`, HTMLButtonElement);
  }
}
