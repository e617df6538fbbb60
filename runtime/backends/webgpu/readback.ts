/** @file Bytes from the GPU, and with them every error that the GPU has met since the last time. */
import { DeviceLostError, RefusedCommandError } from "../../errors.ts";
import type { Commands } from "./commands.ts";
import { BUFFER_USAGE, MAP_READ_MODE } from "./gpu_constants.ts";
import { paced } from "./paced_polls.ts";
import type { Region } from "./region.ts";

const ERROR_FILTERS: readonly GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];
const IS_DENO = globalThis.navigator?.userAgent?.startsWith("Deno/2.") === true;
/** Staging buffers kept for reuse. */
const MAX_STAGING = 8;
/** Milliseconds in which a lost device's notice may come after the failure that it explains. */
const LOSS_NOTICE_MS = 200;

/** An error and the scope that caught it. */
interface ScopedError {
  readonly filter: GPUErrorFilter;
  readonly message: string;
  readonly cause: unknown;
}

/** Reads of one device. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  #staging: GPUBuffer[] = [];
  readonly #mappedBefore = new WeakSet<GPUBuffer>();
  #lost: GPUDeviceLostInfo | null = null;
  /** Reads begun so far, and how many of them a refusal concerns: their commands may build on what was refused. */
  #begun = 0;
  #refused: { readonly reads: number; readonly error: Error } | null = null;
  #disposed = false;

  constructor(device: GPUDevice, commands: Commands) {
    this.#device = device;
    this.#commands = commands;
    device.lost.then((info) => this.#lost = info);
    this.#pushScopes();
  }

  /**
   * A copy of a byte range as it is after the commands added so far; offset and size are multiples of 4.
   *
   * @throws {RefusedCommandError} where the GPU refused a command since the last read, or another read of that time says so
   * @throws {DeviceLostError} where the device is lost
   */
  async read(region: Region, offset: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#throwIfLost();
    const index = this.#begun++;
    const staging = this.#takeStaging(size);
    this.#commands.copyOut(region, offset, staging, size);
    this.#commands.flush();
    const errors = this.#popScopes();
    this.#pushScopes();
    const bytes = await this.#map(staging, size).catch(async (cause) => {
      throw await this.#failure(cause, errors);
    });
    this.#giveStaging(staging);
    const error = await errors;
    if (error) this.#refused = { reads: this.#begun, error: this.#refusal(error) };
    if (this.#refused && index < this.#refused.reads) throw this.#refused.error;
    this.#throwIfLost();
    return bytes;
  }

  /**
   * Deno's mapAsync waits for the GPU inside the call, then sleeps ten milliseconds before it resolves. The bytes are there at once,
   * but only a buffer that was mapped before says so; another platform, or another Deno, may refuse, and is waited for.
   */
  async #map(staging: GPUBuffer, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const mapped = paced(() => staging.mapAsync(MAP_READ_MODE, 0, size));
    if (IS_DENO && this.#mappedBefore.has(staging)) {
      mapped.catch(() => {}); // told by what follows
      try {
        return copyMapped(staging, size);
      } catch {
        // not mapped yet
      }
    }
    await mapped;
    this.#mappedBefore.add(staging);
    return copyMapped(staging, size);
  }

  /** Destroys the staging buffers. */
  dispose(): void {
    this.#disposed = true;
    this.#staging.forEach((buffer) => buffer.destroy());
    this.#staging = [];
  }

  #pushScopes(): void {
    ERROR_FILTERS.forEach((filter) => this.#device.pushErrorScope(filter));
  }

  /** The gravest error since the scopes were pushed. A lost device reports none. */
  async #popScopes(): Promise<ScopedError | null> {
    const pops = ERROR_FILTERS.toReversed().map(async (filter): Promise<ScopedError | null> => {
      const error = await paced(() => this.#device.popErrorScope()).catch(() => null);
      return error && { filter, message: error.message, cause: error };
    });
    const errors = (await Promise.all(pops)).filter((error) => error !== null);
    return errors.find(({ filter }) => filter === "out-of-memory") ?? errors[0] ?? null;
  }

  /** What was computed without memory is wrong from then on, as on a lost device. */
  #refusal({ filter, message, cause }: ScopedError): Error {
    if (filter !== "out-of-memory") return kernelError(message, cause);
    return new DeviceLostError(
      `Cannot go on on the GPU: it is out of memory (${message}), expected room for all sessions`,
      "Use fewer or shorter sessions, f16 keys and values, or smaller weights",
      { cause },
    );
  }

  #takeStaging(size: number): GPUBuffer {
    const found = this.#staging.findIndex((buffer) => buffer.size >= size);
    if (found >= 0) return this.#staging.splice(found, 1)[0];
    return this.#device.createBuffer({
      label: "staging",
      size: 2 ** Math.ceil(Math.log2(Math.max(size, 256))),
      usage: BUFFER_USAGE.mapRead | BUFFER_USAGE.copyDst,
    });
  }

  #giveStaging(buffer: GPUBuffer): void {
    if (this.#disposed || this.#staging.length >= MAX_STAGING) buffer.destroy();
    else this.#staging.push(buffer);
  }

  async #failure(cause: unknown, errors: Promise<ScopedError | null>): Promise<Error> {
    const notice = Promise.withResolvers<void>();
    const timer = setTimeout(notice.resolve, LOSS_NOTICE_MS);
    await Promise.race([this.#device.lost, notice.promise]);
    clearTimeout(timer);
    if (this.#lost) return lostError(this.#lost);
    const error = await errors;
    return error
      ? this.#refusal(error)
      : kernelError(cause instanceof Error ? cause.message : String(cause), cause);
  }

  #throwIfLost(): void {
    if (this.#lost) throw lostError(this.#lost);
  }
}

function copyMapped(staging: GPUBuffer, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(staging.getMappedRange(0, size)).slice();
  staging.unmap();
  return bytes;
}

function lostError({ reason, message }: GPUDeviceLostInfo): DeviceLostError {
  return new DeviceLostError(
    `Cannot read from the GPU: the device is lost (${reason}: ${message}), expected a live one`,
    "Open the backend again, or continue on another one from a state kept before",
  );
}

function kernelError(message: string, cause: unknown): RefusedCommandError {
  return new RefusedCommandError(
    `Cannot run kernels: the GPU reports "${message}", expected no error`,
    "Report this with the adapter's name; another backend computes the same",
    { cause },
  );
}
