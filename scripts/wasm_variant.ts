/**
 * @file One WebAssembly build of the crate in wasm/, by wasm-pack and the compiler that wasm/toolchain.sh installs.
 */

/** A build of the crate. */
export interface Variant {
  readonly name: string;
  readonly features: readonly string[];
  /** Which standard library, as wasm/toolchain.sh names them. */
  readonly kind: "st" | "mt" | "scalar";
  readonly summary: string;
}

/** What every build may use, its vectors apart. */
export const BASE_FEATURES = ["bulk-memory", "mutable-globals", "nontrapping-fptoint", "sign-ext"];

/**
 * For variants of several threads: their memory is shared and made outside, up to what 32 bits can address. The exports are
 * what wasm-bindgen gives each thread a stack and thread-local memory with.
 */
const SHARED_MEMORY = [
  ...["--shared-memory", "--import-memory", "--max-memory=4294967296"],
  ...["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map((name) => `--export=${name}`),
];

const ROOT = new URL("../", import.meta.url);
const TOOLCHAIN = Deno.env.get("HYMBA_TOOLCHAIN") ?? new URL(".toolchain", ROOT).pathname;

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const stdout = command === "cargo" ? "piped" : "inherit";
  const cwd = new URL("wasm/", ROOT);
  const child = new Deno.Command(command, { args, env, cwd, stdout, stderr: "inherit", stdin: "null" })
    .spawn();
  const output = await child.output();
  if (!output.success) {
    throw new Error(
      `Cannot build the WebAssembly kernels: "${command}" ended with ${output.code}, expected 0`,
    );
  }
  return stdout === "piped" ? new TextDecoder().decode(output.stdout) : "";
}

/** The folder that holds the unpacked crates; its path would otherwise end up in panic messages. */
async function registryFolder(env: Record<string, string>): Promise<string> {
  const metadata = JSON.parse(await run("cargo", ["metadata", "--format-version", "1", "--locked"], env));
  const bindgen = metadata.packages.find((each: { name: string }) => each.name === "wasm-bindgen");
  return bindgen.manifest_path.replace(/\/[^/]+\/Cargo\.toml$/, "");
}

/** Installs the compiler and the standard library that variants of a kind are built with, where they are missing. */
export async function installToolchain(kind: Variant["kind"]): Promise<void> {
  await run("bash", [new URL("wasm/toolchain.sh", ROOT).pathname, kind]);
}

/** Whether a toolchain of some kind was installed before, so that another kind takes no new packages. */
export async function hasToolchain(): Promise<boolean> {
  return await Deno.stat(`${TOOLCHAIN}/bin/wasm-pack`).then(() => true, () => false);
}

/** Builds a variant into the folder `work/<its name>`: kernels_bg.wasm and kernels.d.ts. */
export async function buildVariant(variant: Variant, work: string): Promise<void> {
  const path = [`${TOOLCHAIN}/bin-${variant.kind}`, `${TOOLCHAIN}/bin`, Deno.env.get("PATH")];
  // A folder each, so that what one compiled is not stale for the next.
  const target = `${Deno.env.get("CARGO_TARGET_DIR") ?? "target"}/${variant.name}`;
  const env = { PATH: path.join(":"), CARGO_TARGET_DIR: target };
  const isShared = variant.kind === "mt";
  const features = [...variant.features, ...isShared ? ["atomics"] : []].map((feature) => `+${feature}`);
  const flags = [
    `-Ctarget-feature=${features.join(",")}`,
    `--remap-path-prefix=${await registryFolder(env)}=crates`,
    ...isShared ? SHARED_MEMORY.map((flag) => `-Clink-arg=${flag}`) : [],
  ];
  await run("wasm-pack", [
    ...["build", "--release", "--target", "web", "--mode", "no-install", "--no-opt", "--no-pack"],
    ...["--out-dir", `${work}/${variant.name}`, "--out-name", "kernels", ".", "--locked"],
  ], { ...env, RUSTFLAGS: flags.join(" ") });
}
