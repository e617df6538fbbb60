/** @file The pictures of the layers: a table of bars, one row a layer. */
import { create, find } from "./elements.ts";
import { formatBytes, formatShare, formatTokens } from "./formats.ts";
import type { LayerPicture, ModelFacts } from "./messages.ts";

interface Part {
  /** Its class, which gives its colour. */
  readonly hue: "meta" | "window" | "context" | "attention" | "ssm" | "conv";
  readonly name: string;
  /** Of the bar's length, 0 to 1. */
  readonly part: number;
  readonly figure: string;
}

/** Shows what each layer does. */
export class LayerTable {
  readonly #section: HTMLElement;
  readonly #body: HTMLElement;
  #facts: ModelFacts | null = null;

  /** Takes over the section. */
  constructor(section: HTMLElement) {
    this.#section = section;
    this.#body = find(section, "tbody", HTMLElement);
    const numbers = find(section, "#numbers", HTMLInputElement);
    numbers.addEventListener("change", () => {
      find(section, "table", HTMLElement).classList.toggle("with-numbers", numbers.checked);
    });
  }

  /** Begins with a model's layers, without a token. */
  begin(facts: ModelFacts): void {
    this.#facts = facts;
    this.#body.replaceChildren(...facts.layers.map(({ attention, kvOwner }, layer) => {
      const row = create("tr", "");
      const head = create("th", "", String(layer));
      head.scope = "row";
      const shares = kvOwner < layer ? `, K/V of ${kvOwner}` : "";
      head.append(create("small", "", attention + shares));
      const cells = [0, 1, 2].map(() => create("td", ""));
      for (const cell of cells) cell.append(create("div", "bar"), create("span", "figures"));
      row.append(head, ...cells);
      return row;
    }));
    this.#slot("moment").textContent = "Before the first token.";
    this.#slot("state").textContent = "";
  }

  /** Shows the layers after so many tokens. */
  show(layers: readonly LayerPicture[], tokens: number): void {
    const bytes = layers.map(({ kvCache, convState, ssmState }) => kvCache + convState + ssmState);
    const most = Math.max(...bytes);
    layers.forEach((layer, i) => {
      const cells = [...this.#body.children[i].children].slice(1) as HTMLElement[];
      setBar(cells[0], attentionParts(layer));
      setBar(cells[1], branchParts(layer));
      setBar(cells[2], this.#stateParts(layer, i, most));
    });
    const { growingBytesPerToken, transformerBytesPerToken, numMetaTokens, windowSize } = this.#facts!;
    this.#slot("moment").textContent = `After ${formatTokens(tokens)} and ${numMetaTokens} meta tokens; ` +
      `the window is ${windowSize} tokens.`;
    const total = bytes.reduce((sum, each) => sum + each, 0);
    this.#slot("state").textContent = `${formatBytes(total)} in all. It grows by ${
      formatBytes(growingBytesPerToken)
    } a token, in the global layers alone; if every layer kept all keys and values, by ${
      formatBytes(transformerBytesPerToken)
    }.`;
  }

  #stateParts({ kvCache, convState, ssmState }: LayerPicture, layer: number, most: number): Part[] {
    const isGlobal = this.#facts!.layers[layer].attention === "global";
    const parts = [
      { hue: isGlobal ? "context" : "window", name: isGlobal ? "K/V of all" : "K/V ring", bytes: kvCache },
      { hue: "conv", name: "conv", bytes: convState },
      { hue: "ssm", name: "SSM", bytes: ssmState },
    ] as const;
    return parts.map(({ hue, name, bytes }) => ({
      hue,
      name,
      part: bytes / most,
      figure: formatBytes(bytes),
    }));
  }

  #slot(name: string): HTMLElement {
    return find(this.#section, `[data-slot="${name}"]`, HTMLElement);
  }
}

function attentionParts({ metaShare, windowShare, contextShare }: LayerPicture): Part[] {
  return [
    { hue: "meta", name: "meta", part: metaShare, figure: formatShare(metaShare) },
    { hue: "window", name: "window", part: windowShare, figure: formatShare(windowShare) },
    { hue: "context", name: "further back", part: contextShare, figure: formatShare(contextShare) },
  ];
}

function branchParts({ attentionNorm, ssmNorm }: LayerPicture): Part[] {
  const share = attentionNorm / (attentionNorm + ssmNorm);
  return [
    { hue: "attention", name: "attention", part: share, figure: formatShare(share) },
    { hue: "ssm", name: "Mamba", part: 1 - share, figure: formatShare(1 - share) },
  ];
}

/** Draws a cell's bar, and writes its figures for those who cannot see it or ask for them. */
function setBar(cell: HTMLElement, parts: readonly Part[]): void {
  const [bar, figures] = cell.children;
  if (bar.childElementCount === 0) bar.append(...parts.map(({ hue }) => create("i", hue)));
  parts.forEach(({ hue, part }, i) => {
    const segment = bar.children[i] as HTMLElement;
    segment.className = hue;
    segment.style.setProperty("--part", String(part));
  });
  figures.textContent = parts.filter(({ part }) => part > 0).map(({ name, figure }) => `${name} ${figure}`)
    .join(",\n");
}
