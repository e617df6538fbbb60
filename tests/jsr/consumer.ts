/** @file An empty project that uses packages of a loopback registry, with a cache of its own. */

/** A project in a folder of its own. */
export interface Consumer extends AsyncDisposable {
  /** Writes a file of the project. */
  write(name: string, text: string): Promise<void>;
  /** Runs `deno` in it and gives its standard output; throws with its standard error where it failed. */
  deno(...args: string[]): Promise<string>;
}

/** Creates a project. npm packages come from this machine's cache where they are there. */
export async function createConsumer(registry: string): Promise<Consumer> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/cache`);
  await Deno.symlink(await npmCache(), `${folder}/cache/npm`);
  await Deno.mkdir(`${folder}/project`);
  const env = { JSR_URL: registry, DENO_DIR: `${folder}/cache`, NO_COLOR: "1", DENO_NO_PROMPT: "1" };
  return {
    write: (name, text) => Deno.writeTextFile(`${folder}/project/${name}`, text),
    async deno(...args): Promise<string> {
      const options = { args, cwd: `${folder}/project`, env, stdin: "null" } as const;
      const output = await new Deno.Command(Deno.execPath(), options).output();
      const decoder = new TextDecoder();
      if (output.success) return decoder.decode(output.stdout);
      throw new Error(`deno ${args.join(" ")} failed:\n${decoder.decode(output.stderr)}`);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function npmCache(): Promise<string> {
  const output = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(output.stdout)).npmCache;
}
