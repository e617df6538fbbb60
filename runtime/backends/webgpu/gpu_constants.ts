/** @file The standard's flag values (WebGPU, sections 5 and 8). The global objects that hold them do not exist where a GPU object comes from a package. */

/** Flags of `GPUBufferUsage`. */
export const BUFFER_USAGE = {
  mapRead: 0x1,
  copySrc: 0x4,
  copyDst: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;

/** `GPUShaderStage.COMPUTE`. */
export const COMPUTE_STAGE = 0x4;

/** `GPUMapMode.READ`. */
export const MAP_READ_MODE = 0x1;
