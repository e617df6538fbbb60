/** @file A WebAssembly module that carries data, as scripts/wasm_data_module.ts makes them. */

/** The exports of a data module: its memory begins with the data. */
export interface DataModule {
  readonly memory: WebAssembly.Memory;
}
