/**
 * Runs Hymba hybrid-head language models (attention heads and Mamba heads side by side in every layer, arXiv:2411.13676) without
 * Python and without CUDA, and streams text from an async generator.
 *
 * @example
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 *
 * await using model = await loadModel();
 * for await (const token of model.generate("Once upon a time", { maxTokens: 32 })) console.log(token.text);
 * ```
 *
 * @example A session keeps what it has read, forks, and survives as bytes
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 *
 * await using model = await loadModel();
 * await using session = await model.createSession();
 * await session.append("Ben had a red ball. Lily had a small boat.\n\nQuestion: ");
 * await using other = await session.fork();
 * await session.append("What did Lily have?\nAnswer:");
 * for await (const token of session.generate({ temperature: 0, stop: "\n" })) console.log(token.text);
 * await using again = await model.restoreSession(await other.snapshot());
 * await again.append("What did Ben have?\nAnswer:");
 * for await (const token of again.generate({ temperature: 0, stop: "\n" })) console.log(token.text);
 * ```
 *
 * @example A text that many sessions begin with is read once
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 *
 * await using model = await loadModel();
 * await using prefix = await model.compilePrefix("Ben had a red ball. Lily had a small boat.\n\nQuestion: ");
 * for (const question of ["What did Ben have?", "What did Lily have?"]) {
 *   await using session = await model.createSession({ prefix });
 *   await session.append(`${question}\nAnswer:`);
 *   for await (const token of session.generate({ temperature: 0, stop: "\n" })) console.log(token.text);
 * }
 * ```
 *
 * @example A sequence of vectors is encoded as one vector
 * ```ts
 * import { HymbaEncoder } from "@hymba/runtime";
 *
 * await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 32 });
 * await encoder.initializeWeights({ seed: 1 }); // or: await encoder.loadWeights("encoder.safetensors")
 * const encoding = await encoder.encode([0, 1, 2, 3, 4, 5], [1, 3, 2]); // three time steps
 * console.log(encoding.length);
 * ```
 *
 * @example Errors say what to do
 * ```ts
 * import { HymbaError, loadModel } from "@hymba/runtime";
 *
 * try {
 *   await loadModel(undefined, { chunkSize: 0 });
 * } catch (error) {
 *   if (!(error instanceof HymbaError)) throw error;
 *   console.log(error.message, error.remedy);
 * }
 * ```
 *
 * @module
 */
export { loadModel, type LoadOptions } from "./runtime/load_model.ts";
export type { CheckpointSource } from "./runtime/checkpoint.ts";
export type { DownloadOptions } from "./runtime/cache/download_options.ts";
export type { DownloadProgress } from "./runtime/cache/download.ts";
export type { ModelCache } from "./runtime/cache/model_cache.ts";
export type { RetryOptions } from "./runtime/sources/retry.ts";
export { BrowserModelCache } from "./runtime/cache/browser_cache.ts";
export { FolderModelCache } from "./runtime/cache/folder_cache.ts";
export { MemoryModelCache } from "./runtime/cache/memory_cache.ts";
export type { Model } from "./runtime/model.ts";
export type { LogitsOptions, PrefixOptions, SessionOptions } from "./runtime/session_options.ts";
export type { ResumeOptions, SignalOptions } from "./runtime/signal_options.ts";
export type { Prefix } from "./runtime/prefix.ts";
export type { RewindOptions } from "./runtime/checkpoint_ring.ts";
export type { SnapshotOptions } from "./runtime/session_snapshot.ts";
export type { Session } from "./runtime/session.ts";
export type {
  FinishReason,
  GenerateOptions,
  GenerationSummary,
  Token,
} from "./runtime/generation_options.ts";
export { type LayerObservation, type TokenObservation, TokenObserver } from "./runtime/token_observer.ts";
export type { SamplingOptions } from "./runtime/sampling_options.ts";
export type { TokenConstraint } from "./runtime/token_constraint.ts";
export type { TokenLogprob } from "./runtime/logprobs.ts";
export type { ChatMessage, ChatRenderOptions, ChatRole, ChatTemplate } from "./runtime/chat.ts";
export type { DecodeOptions, EncodeOptions } from "./runtime/tokenizer.ts";
export type { HymbaConfig, WindowRule } from "./runtime/config.ts";
export type { LayerPlan } from "./runtime/layer_plan.ts";
export type {
  AutoChoice,
  BackendChoice,
  GpuOptions,
  WasmChoice,
  WebGpuChoice,
} from "./runtime/open_backend.ts";
export type { BackendChange, BackendReport, SelfTestReport } from "./runtime/backend_report.ts";
export type { DeviceLossOptions } from "./runtime/refuge.ts";
export type { WasmVariant } from "./runtime/backends/wasm/compile_kernels.ts";
export type { KernelOptions } from "./runtime/backends/wasm/open_kernels.ts";
export type { ThreadOptions } from "./runtime/backends/wasm/threads.ts";
export type { AdapterReport, GpuFeatures } from "./runtime/backends/webgpu/device.ts";
export type { ActivationPrecision } from "./runtime/activation_precision.ts";
export type { BackendKind } from "./runtime/backend.ts";
export type { KvDtype, MemoryOptions } from "./runtime/state_layout.ts";
export type { WeightDtype } from "./runtime/tensor.ts";
export { HymbaEncoder } from "./runtime/encoder.ts";
export type { EncoderConfig, EncoderOptions } from "./runtime/encoder/encoder_config.ts";
export type {
  BatchShape,
  EncoderInitializeOptions,
  EncoderLoadOptions,
  GatedEncoding,
} from "./runtime/encoder/encoder_calls.ts";
export type { EncoderStream, EncoderStreamOptions } from "./runtime/encoder/encoder_stream.ts";
export type { EncoderBackendChoice } from "./runtime/encoder/open_encoder_backend.ts";
export type { FileSource } from "./runtime/sources/open_file.ts";
export type { ProgressOptions } from "./runtime/load_tensors.ts";
export type { ByteSource } from "./runtime/formats/byte_source.ts";
export {
  BackendUnavailableError,
  ConfigError,
  DeviceLostError,
  HymbaError,
  KernelError,
  MissingFileError,
  RefusedCommandError,
  ShapeError,
  TokenizerError,
  VersionConflictError,
  WeightsError,
} from "./runtime/errors.ts";
