/** @file `hymba convert` in a process of its own, whose memory is watched. */
import { startHymba } from "../cli/run_hymba.ts";

const EVERY_MS = 50;

/** Packs a checkpoint; gives the most memory that the process had, in bytes (resident set, from /proc). */
export async function packInProcess(source: string, out: string, dtype: string): Promise<number> {
  const permissions = ["--allow-read", "--allow-write"];
  const child = startHymba(["convert", source, out, "--quantization", dtype], { permissions });
  await child.stdin.close();
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), EVERY_MS);
  const { success, stderr } = await child.output();
  clearInterval(timer);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return peak;
}

/** VmHWM: the kernel's own record of the peak. 0 once the process has ended. */
function peakOf(pid: number): number {
  try {
    const [, kilobytes] = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmHWM:\s*(\d+) kB$/m) ?? [];
    return 1024 * Number(kilobytes ?? 0);
  } catch {
    return 0;
  }
}
