/** @file The form: what to write, and how. */
import { find } from "./elements.ts";
import type { BackendName, Settings } from "./messages.ts";
import { type Prompt, questionPrompt, storyPrompt } from "./prompts.ts";

/** Seeds that the page draws are below it, short enough to type in again. */
const SEEDS = 1_000_000;

/** What the form is told about. */
export interface ComposerHandlers {
  readonly onWrite: () => void;
  readonly onBackend: (backend: BackendName) => void;
}

/** Reads the form. */
export class Composer {
  readonly #form: HTMLFormElement;
  readonly #submit: HTMLButtonElement;

  /** Listens to the form. */
  constructor(form: HTMLFormElement, { onWrite, onBackend }: ComposerHandlers) {
    this.#form = form;
    this.#submit = find(form, '[data-slot="submit"]', HTMLButtonElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#submit.disabled) onWrite();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    form.addEventListener("input", () => this.#refresh());
    for (const ideas of form.querySelectorAll<HTMLElement>("[data-field]")) {
      ideas.addEventListener("click", ({ target }) => {
        if (!(target instanceof HTMLButtonElement)) return;
        this.#field(ideas.dataset.field!).value = target.textContent!;
        form.requestSubmit();
      });
    }
    const backend = find(form, "#backend", HTMLSelectElement);
    backend.addEventListener("change", () => onBackend(backend.value as BackendName));
    this.#refresh();
  }

  /** Whether a text can be begun. */
  set isReady(isReady: boolean) {
    this.#submit.disabled = !isReady;
  }

  /** The backend chosen. */
  get backend(): BackendName {
    return find(this.#form, "#backend", HTMLSelectElement).value as BackendName;
  }

  /** What to begin with. */
  get prompt(): Prompt {
    if (!this.#asksQuestion) return storyPrompt(this.#field("beginning").value);
    return questionPrompt(this.#field("passage").value, this.#field("question").value);
  }

  /** How to go on. Answers are the most probable ones. */
  settings({ stop }: Pick<Prompt, "stop">): Settings {
    const seed = this.#field("seed").value;
    const pace = this.#field("pace").value;
    return {
      pace: pace === "" ? null : Number(pace),
      temperature: stop === undefined ? this.#number("temperature") : 0,
      topP: this.#number("topP"),
      topK: this.#number("topK"),
      maxTokens: this.#number("maxTokens"),
      seed: seed === "" ? Math.floor(SEEDS * Math.random()) : Number(seed),
      ...(stop !== undefined && { stop }),
    };
  }

  get #asksQuestion(): boolean {
    return new FormData(this.#form).get("mode") === "question";
  }

  #field(name: string): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
  }

  #number(name: string): number {
    return Number(this.#field(name).value);
  }

  /** Shows the fields of the mode, and the sliders' values. */
  #refresh(): void {
    for (const part of this.#form.querySelectorAll<HTMLElement>("[data-mode]")) {
      part.hidden = (part.dataset.mode === "question") !== this.#asksQuestion;
    }
    this.#submit.textContent = this.#asksQuestion ? "Answer" : "Write";
    for (const output of this.#form.querySelectorAll("output")) {
      const value = this.#number(output.htmlFor.value);
      output.value = output.htmlFor.value === "topK" && value === 0 ? "all" : String(value);
    }
  }
}
