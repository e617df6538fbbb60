/** A server as users start it. */

const ROOT = new URL("../../", import.meta.url);

/** A server in a process of its own, with exactly these arguments of `deno run`. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly child: Deno.ChildProcess;
  readonly #log: { text: string };

  private constructor(url: string, child: Deno.ChildProcess, log: { text: string }) {
    this.url = url;
    this.child = child;
    this.#log = log;
  }

  /** What it said on standard error. */
  get log(): string {
    return this.#log.text;
  }

  /** Starts it and waits until it says where it serves. */
  static async start(
    args: readonly string[],
    env: Record<string, string> = {},
    program = Deno.execPath(),
  ): Promise<ServerProcess> {
    const command = new Deno.Command(program, {
      args: ["run", "--no-prompt", "--no-lock", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const log = { text: "" };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      void (async () => {
        for await (const text of stream.pipeThrough(new TextDecoderStream())) {
          log.text += text;
          const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log.text) ?? [];
          if (url !== undefined) resolve(url);
        }
      })();
    }
    void child.status.then(({ code }) => reject(new Error(`the server exited with ${code}: ${log.text}`)));
    return new ServerProcess(await promise, child, log);
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Most megabytes that it has taken of the machine's memory so far; null where the system does not say. */
  async peakMegabytes(): Promise<number | null> {
    if (Deno.build.os !== "linux") return null;
    // Deno itself reads /proc with every permission only.
    const { stdout } = await new Deno.Command("cat", { args: [`/proc/${this.child.pid}/status`] }).output();
    return Number(/VmHWM:\s+(\d+) kB/.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.child.status;
  }
}
