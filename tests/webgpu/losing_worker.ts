/** @file An engine worker whose GPU is lost at a read in the middle of its first job. */
import "../../server/engine/engine_worker.ts";
import { TestGpu } from "./test_gpu.ts";

/** Reads until then: those of loading, and some of the job's. */
const READS = 6;

let reads = 0;
const test = new TestGpu({}, (device) => {
  const popErrorScope = device.popErrorScope.bind(device);
  const value = (): Promise<GPUError | null> => {
    if (++reads === 3 * READS) test.lose();
    return popErrorScope();
  };
  Object.defineProperty(device, "popErrorScope", { value });
});
Object.defineProperty(navigator, "gpu", { value: test.gpu });
