/** @file An engine worker whose GPU is lost in the middle of its first job. */
import "../../server/engine/engine_worker.ts";
import { TestGpu } from "./test_gpu.ts";

/** The worker's GPU; it is lost at one of its reads. */
function losingGpu(reads: number): GPU {
  const test = new TestGpu({}, (device) => {
    const popErrorScope = device.popErrorScope.bind(device);
    let pops = 3 * reads; // three scopes a read
    const value = (): Promise<GPUError | null> => {
      if (--pops === 0) test.lose();
      return popErrorScope();
    };
    Object.defineProperty(device, "popErrorScope", { value });
  });
  return test.gpu;
}

/** The first of them are loading's. */
Object.defineProperty(navigator, "gpu", { value: losingGpu(6) });
