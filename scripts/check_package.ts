/**
 * Checks what would be published: `deno publish` accepts it, its sizes are within JSR's limits and ours, and it holds nothing that
 * users do not need.
 */
import { projectFiles, report } from "./project_files.ts";

const ROOT = new URL("../", import.meta.url);

/** JSR takes 20 MB a package and a file; repositories and caches are kinder to smaller files. */
const MAX_PACKAGE_BYTES = 20_000_000;
const MAX_FILE_BYTES = 4_000_000;

/** Everything published is one of these. */
const EXPECTED = [
  /^(?:deno\.json|README\.md|LICENSE)$/,
  /^(?:mod|cli)\.ts$/,
  /^(?:cli|runtime|server)\/[\w/]+\.ts$/,
  /^(?:kernels\/sources|wasm\/decode_base64|wasm\/pkg\/\w+)\.ts$/,
  /^models\/stories\/\w+\.(?:ts|wasm)$/,
];

/** A file that would be published. */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: number;
}

/** What is wrong with a package of these files, as sentences. */
export function findPackageProblems(files: readonly PublishedFile[], project: ReadonlySet<string>): string[] {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const problems = files.flatMap(({ path, bytes }) => {
    if (bytes > MAX_FILE_BYTES) return [`${path} has ${bytes} bytes, expected at most ${MAX_FILE_BYTES}`];
    if (!EXPECTED.some((pattern) => pattern.test(path))) {
      return [`${path} would be published, expected not to`];
    }
    return project.has(path) ? [] : [`${path} would be published, but git ignores it`];
  });
  if (total <= MAX_PACKAGE_BYTES) return problems;
  return [...problems, `The package has ${total} bytes, expected at most ${MAX_PACKAGE_BYTES}`];
}

async function publishedFiles(): Promise<PublishedFile[]> {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`Cannot publish:\n${text}`);
  const paths = [...text.matchAll(/^\s+(file:\S+) \([\d.]+\w+\)$/gm)].map(([, url]) => new URL(url));
  if (paths.length === 0) {
    throw new Error("Cannot check the package: deno publish listed no file, expected some");
  }
  return await Promise.all(paths.map(async (url) => ({
    path: decodeURIComponent(url.href.slice(ROOT.href.length)),
    bytes: (await Deno.stat(url)).size,
  })));
}

if (import.meta.main) {
  const files = await publishedFiles();
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  console.log(`${files.length} files, ${bytes} bytes`);
  report(findPackageProblems(files, new Set(await projectFiles(""))));
}
