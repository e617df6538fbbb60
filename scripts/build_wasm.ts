/**
 * Builds `wasm/pkg/` from the Rust crate in `wasm/`: `deno task build:wasm [--out DIR]`.
 *
 * wasm/toolchain.sh installs the compiler where it is missing; wasm-pack then builds the crate once per variant.
 * With `--out` the result goes to another folder (CI tests a rebuilt package so without touching the committed one).
 */
import { MANIFEST, manifestLines } from "./wasm_manifest.ts";
import { bytesModule, exportsModule, withoutCustomSections } from "./wasm_package.ts";

interface Variant {
  readonly name: string;
  readonly features: readonly string[];
  /** Which standard library, as wasm/toolchain.sh names them. */
  readonly kind: "st" | "mt";
  readonly summary: string;
}

const COMMON = ["simd128", "bulk-memory", "mutable-globals", "nontrapping-fptoint", "sign-ext"];

const RELAXED = [...COMMON, "relaxed-simd"];
const THREADS = "for several threads on a memory that is given to it";

const VARIANTS: readonly Variant[] = [
  { name: "relaxed", features: RELAXED, kind: "st", summary: "that uses relaxed SIMD" },
  { name: "simd128", features: COMMON, kind: "st", summary: "that uses plain 128-bit SIMD" },
  { name: "relaxed_mt", features: RELAXED, kind: "mt", summary: `that uses relaxed SIMD, ${THREADS}` },
  { name: "simd128_mt", features: COMMON, kind: "mt", summary: `that uses plain 128-bit SIMD, ${THREADS}` },
];

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
    throw new Error(`Cannot build wasm/pkg: "${command}" ended with ${output.code}, expected 0`);
  }
  return stdout === "piped" ? new TextDecoder().decode(output.stdout) : "";
}

/** The folder that holds the unpacked crates; its path would otherwise end up in panic messages. */
async function registryFolder(env: Record<string, string>): Promise<string> {
  const metadata = JSON.parse(await run("cargo", ["metadata", "--format-version", "1", "--locked"], env));
  const bindgen = metadata.packages.find((each: { name: string }) => each.name === "wasm-bindgen");
  return bindgen.manifest_path.replace(/\/[^/]+\/Cargo\.toml$/, "");
}

async function buildVariant(variant: Variant, work: string, env: Record<string, string>): Promise<void> {
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

async function writePackage(work: string, pkg: URL): Promise<void> {
  const declared = await Promise.all(
    VARIANTS.map(({ name }) => Deno.readTextFile(`${work}/${name}/kernels.d.ts`)),
  );
  const [exports, ...others] = declared.map(exportsModule);
  if (others.some((other) => other !== exports)) {
    throw new Error("Cannot write wasm/pkg: its variants export different functions, expected the same ones");
  }
  for (const { name, summary } of VARIANTS) {
    const bytes = withoutCustomSections(await Deno.readFile(`${work}/${name}/kernels_bg.wasm`));
    await Deno.mkdir(new URL(`${name}/`, pkg), { recursive: true });
    await Deno.writeFile(new URL(`${name}/kernels.wasm`, pkg), bytes);
    await Deno.writeTextFile(
      new URL(`${name}.ts`, pkg),
      bytesModule(bytes, `The WebAssembly bytes of the build ${summary}.`),
    );
    console.log(`${name}: ${bytes.length} bytes`);
  }
  await Deno.writeTextFile(new URL("exports.ts", pkg), exports);
  const manifest = new URL(MANIFEST.slice("wasm/pkg/".length), pkg);
  await Deno.writeTextFile(manifest, (await manifestLines(ROOT, pkg)).join("\n") + "\n");
}

async function main(args: string[]): Promise<void> {
  const out = args[0] === "--out" ? args[1] : undefined;
  if (args.length > 0 && !out) {
    console.error("usage: deno task build:wasm [--out DIR]");
    Deno.exit(2);
  }
  const pkg = out ? new URL(`${out}/`, `file://${Deno.cwd()}/`) : new URL("wasm/pkg/", ROOT);
  const kinds = new Set(VARIANTS.map(({ kind }) => kind));
  for (const kind of kinds) await run("bash", [new URL("wasm/toolchain.sh", ROOT).pathname, kind]);
  const work = await Deno.makeTempDir();
  try {
    for (const variant of VARIANTS) {
      const path = [`${TOOLCHAIN}/bin-${variant.kind}`, `${TOOLCHAIN}/bin`, Deno.env.get("PATH")];
      // A folder each, so that what one compiled is not stale for the next.
      const target = `${Deno.env.get("CARGO_TARGET_DIR") ?? "target"}/${variant.name}`;
      await buildVariant(variant, work, { PATH: path.join(":"), CARGO_TARGET_DIR: target });
    }
    await writePackage(work, pkg);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

await main(Deno.args);
