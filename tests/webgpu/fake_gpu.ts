/** @file GPU objects that offer what a test wants to see refused. */

/** A GPU object with one adapter, or none. */
export function fakeGpu(
  adapter: Partial<GPUAdapter> | null,
  languageFeatures = ["packed_4x8_integer_dot_product"],
): GPU {
  return {
    requestAdapter: () => Promise.resolve(adapter),
    wgslLanguageFeatures: new Set(languageFeatures),
  } as unknown as GPU;
}

/** What a graphics card says of itself. */
export const REAL = {
  vendor: "v",
  architecture: "a",
  device: "d",
  description: "A graphics card",
  isFallbackAdapter: false,
} as GPUAdapterInfo;

/** What Mesa's emulated GPU says of itself, through Vulkan and through OpenGL. */
export const SOFTWARE = { ...REAL, description: "llvmpipe (LLVM 15.0.6, 256 bits)" } as GPUAdapterInfo;
