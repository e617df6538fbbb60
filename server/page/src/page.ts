/** @file The page's entry. */
import { App } from "./app.ts";
import { find } from "./elements.ts";
import { keepOffline } from "./offline.ts";

const script = find(document, "script[data-weights]", HTMLScriptElement);
const weights = new URL(script.dataset.weights!, document.baseURI).href;
new App(weights, () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" })).load();
void keepOffline(find(document, "#offline", HTMLElement));
