/** A counter in a store that many writers share. Imports nothing that a process of its own could not load. */
import { VersionConflictError } from "../../runtime/errors.ts";
import type { SessionStore } from "../../server/stores/session_store.ts";

const LENGTH = 40_000;

/** Bytes that say a number, all the way through. */
export function counted(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(LENGTH).fill(count).buffer);
}

/** The number that bytes of {@linkcode counted} say. */
export function countIn(bytes: Uint8Array<ArrayBuffer>): number {
  const numbers = new Uint32Array(bytes.buffer);
  if (numbers.length === LENGTH && numbers.every((number) => number === numbers[0])) return numbers[0];
  throw new Error(`Cannot tell the count: ${numbers.length} numbers are not ${LENGTH} equal ones`);
}

/** Adds 1 to a stored number, `times` times, beginning anew after each conflict. */
export async function increment(store: SessionStore, id: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const { bytes, version } = (await store.load(id))!;
    try {
      await store.save(id, counted(countIn(bytes) + 1), { expectedVersion: version });
      done++;
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
    }
  }
}
