/** @file A GPU that a test can take away, or put wrong. */
import type { DeviceOptions } from "../../runtime/backends/webgpu/device.ts";

/** The platform's GPU, with a hand on the devices that it gives. */
export class TestGpu {
  /** To be passed on as the option of that name. */
  readonly gpu: GPU;
  readonly devices: GPUDevice[] = [];

  /**
   * @param options where the real adapters come from
   * @param onDevice is given each device before its user
   */
  constructor({ gpu = navigator.gpu }: DeviceOptions, onDevice: (device: GPUDevice) => void = () => {}) {
    const requestAdapter: GPU["requestAdapter"] = async (options) => {
      const adapter = await gpu.requestAdapter(options);
      const requestDevice = adapter?.requestDevice.bind(adapter);
      const kept = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
        const device = await requestDevice!(descriptor);
        this.devices.push(device);
        onDevice(device);
        return device;
      };
      if (adapter !== null) Object.defineProperty(adapter, "requestDevice", { value: kept });
      return adapter;
    };
    this.gpu = { requestAdapter, wgslLanguageFeatures: gpu.wgslLanguageFeatures } as GPU;
  }

  /** Takes every device away. */
  lose(): void {
    this.devices.forEach((device) => device.destroy());
  }

  /** Gives every device a command that it refuses. */
  refuse(): void {
    this.devices.forEach((device) => device.createBuffer({ size: 16, usage: 0 }));
  }

  /** Makes the devices report that they are out of memory. */
  exhaust(): void {
    for (const device of this.devices) {
      const popErrorScope = device.popErrorScope.bind(device);
      let scopes = 3; // the out-of-memory scope is the second of three, from either end
      const value = async (): Promise<GPUError | null> => {
        const error = await popErrorScope();
        return --scopes === 1 ? new GPUOutOfMemoryError("the test says so") : error;
      };
      Object.defineProperty(device, "popErrorScope", { value });
    }
  }
}
