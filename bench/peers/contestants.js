/**
 * In the browser: each opens a model and gives a function that generates or multiplies so many times, and says how many a second.
 * Files come from where peers.ts serves them.
 */

/** This runtime, its npm build, activations of two bytes. */
export function hymba(options) {
  return openHymba({ ...options, activations: "q16" });
}

/** The same with activations of one byte, which is what llama.cpp makes of them. */
export function hymbaOneByte(options) {
  return openHymba({ ...options, activations: "q8" });
}

async function openHymba({ file, threads, activations }) {
  const { loadModel } = await import("/hymba/browser.js");
  const url = new URL(file, location.href).href;
  const model = await loadModel(url, { backend: "wasm", threads, activations });
  const logitBias = Object.fromEntries(model.eosTokenIds.map((id) => [id, -Infinity]));
  const rate = async (tokens) => {
    const generation = model.generate([1, 5, 6], { temperature: 0, maxTokens: tokens + 1, logitBias });
    await generation.next();
    const start = performance.now();
    let count = 0;
    for await (const _ of generation) count++;
    return 1000 * count / (performance.now() - start);
  };
  return { rate, threads: model.backend.threads ?? 1 };
}

/** llama.cpp in WebAssembly; the rate is llama.cpp's own. */
export async function wllama({ file, threads }) {
  const { Wllama } = await import("/wllama/esm/index.js");
  const quiet = { debug() {}, log() {}, warn() {}, error: console.error };
  const llama = new Wllama({ default: "/wllama/esm/wasm/wllama.wasm" }, {
    logger: quiet,
    suppressNativeLog: true,
  });
  const blob = await (await fetch(file)).blob();
  await llama.loadModel([blob], { n_threads: threads, n_ctx: 1024, n_gpu_layers: 0 });
  const rate = async (tokens) => {
    const options = {
      prompt: "w1 w2",
      max_tokens: tokens + 1,
      temperature: 0,
      ignore_eos: true,
      cache_prompt: false,
    };
    const { timings } = await llama.createCompletion(options);
    if (timings.predicted_n < tokens / 2) throw new Error(`only ${timings.predicted_n} tokens came`);
    return timings.predicted_per_second;
  };
  return { rate, threads: llama.getNumThreads() };
}

/** ONNX Runtime in WebAssembly, on the matrices alone. */
export async function onnxruntime({ file, threads }) {
  const ort = await import("/ort/dist/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = "/ort/dist/";
  const bytes = await (await fetch(file)).arrayBuffer();
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries(session.inputNames.map((name) => {
    const width = Number(name.slice(1));
    const values = Float32Array.from({ length: width }, (_, i) => Math.sin(i));
    return [name, new ort.Tensor("float32", values, [1, width])];
  }));
  const rate = async (times) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) await session.run(feeds);
    return 1000 * times / (performance.now() - start);
  };
  return { rate, threads };
}
