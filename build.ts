/**
 * Compiles src/main.ts into one Linux program.
 *
 *     bun build.ts [--target x64|x64-baseline|arm64|x64-musl|arm64-musl] [--outfile dist/holyf-network]
 *
 * The program runs as root, so it must not obey the folder it is started in, nor the runtime's own variables. The same
 * sources give the same bytes from any folder, as long as the file has the same name. The licences of what is inside
 * are laid beside it, in `licenses/`.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"

interface Target {
  readonly runtime: Bun.Build.CompileTarget
  readonly arch: "x64" | "arm64"
  /** The end of the renderer package's name. */
  readonly libc: "" | "-musl"
}

const targets: Readonly<Record<string, Target>> = {
  x64: { runtime: "bun-linux-x64", arch: "x64", libc: "" },
  "x64-baseline": { runtime: "bun-linux-x64-baseline", arch: "x64", libc: "" },
  arm64: { runtime: "bun-linux-arm64", arch: "arm64", libc: "" },
  "x64-musl": { runtime: "bun-linux-x64-musl", arch: "x64", libc: "-musl" },
  "arm64-musl": { runtime: "bun-linux-arm64-musl", arch: "arm64", libc: "-musl" },
}

/**
 * Variables of the runtime that run code or write files for whoever sets them; the program has no use for any. A name
 * that begins a longer one takes it along: BUN_INSPECT is also BUN_INSPECT_PRELOAD.
 *
 * BUN_JSC_* (the engine's tunables) stay alive, since the runtime compares those byte by byte in its code. `sudo` removes
 * them; file capabilities would not, so the program must never be given any.
 */
const runtimeVariables = ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT", "BUN_BYTECODE_ORDER", "BUN_BYTECODE_DIGEST_OUT"]

const root = import.meta.dir
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }

/** Something that whoever builds can put right. */
class BuildError extends Error {}

function readArguments(args: string[]): { target: Target; outfile: string } {
  const options = { target: { type: "string", default: "x64" }, outfile: { type: "string" } } as const
  let values: { target: string; outfile?: string | undefined }
  try {
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new BuildError(error instanceof Error ? error.message : String(error))
  }
  const target = Object.hasOwn(targets, values.target) ? targets[values.target] : undefined
  if (target === undefined)
    throw new BuildError(`there is no target ${values.target}; there are ${Object.keys(targets).join(", ")}`)
  return { target, outfile: resolve(values.outfile ?? join(root, "dist/holyf-network")) }
}

async function build({ target, outfile }: { target: Target; outfile: string }): Promise<void> {
  const native = requireNativePackage(target)
  mkdirSync(dirname(outfile), { recursive: true })
  // The name in the work folder must be the final one, and the work folder must lie where it always does: names of parts
  // are made of the way from it to the sources, and both become part of the bytes.
  mkdirSync(join(root, "dist"), { recursive: true })
  const workFolder = mkdtempSync(join(root, "dist/.build-"))
  const draft = join(workFolder, basename(outfile))
  // The runtime puts its own drafts, 130 MB each, where it is.
  process.chdir(workFolder)
  try {
    const result = await Bun.build({
      entrypoints: [join(root, "src/main.ts")],
      root,
      format: "esm",
      minify: true,
      bytecode: true,
      splitting: true,
      sourcemap: "none",
      metafile: true,
      throw: false,
      compile: {
        target: target.runtime,
        outfile: draft,
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
      define: {
        "process.platform": '"linux"',
        "process.arch": JSON.stringify(target.arch),
        "process.env.NODE_ENV": '"production"',
        "process.env.OPENTUI_LIBC": target.libc === "" ? '""' : '"musl"',
        "process.env.OTUI_ASSET_ROOT": '""',
        BUILD_VERSION: JSON.stringify(manifest.version),
        BUILD_COMMIT: JSON.stringify(readCommit(root)),
      },
      plugins: [onePlatform(native)],
    })
    if (!result.success) throw new BuildError(`cannot compile:\n${result.logs.map(String).join("\n")}`)
    writeFileSync(draft, disarm(readFileSync(draft)))
    layLicenses(join(dirname(outfile), "licenses"), packagesIn(Object.keys(result.metafile?.inputs ?? {}), native))
    replaceFile(draft, outfile)
  } finally {
    rmSync(workFolder, { recursive: true, force: true })
  }
}

/** Moves `draft` to where `file` is or will be: a program that is running cannot be written, but it can be replaced. */
function replaceFile(draft: string, file: string): void {
  try {
    renameSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error
    const beside = `${file}.${process.pid}.tmp`
    copyFileSync(draft, beside)
    renameSync(beside, file)
  }
}

/** The renderer's package for `target`, which must be installed in exactly the renderer's version. */
function requireNativePackage(target: Target): string {
  const name = `@opentui/core-linux-${target.arch}${target.libc}`
  const wanted = installed("@opentui/core")?.version
  if (wanted === undefined) throw new BuildError("@opentui/core is not installed; run npm install")
  const found = installed(name)?.version
  if (found !== wanted)
    throw new BuildError(
      `${name} ${wanted} is ${found === undefined ? "not installed" : `needed and ${found} is installed`}; where that ` +
        `version is published, install it with: npm install --no-save --force ${name}@${wanted}`,
    )
  return name
}

function installed(name: string): { version: string; dependencies?: Record<string, string> } | undefined {
  const file = join(root, "node_modules", name, "package.json")
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
}

/**
 * Keeps one platform's library. Every Linux package's name means the one we build for; the others are not installed,
 * and the renderer names them all.
 */
function onePlatform(native: string): Bun.BunPlugin {
  return {
    name: "one-platform",
    setup(build) {
      build.onResolve({ filter: /^@opentui\/core-linux-/ }, () => ({ path: Bun.resolveSync(native, root) }))
      build.onResolve({ filter: /^@opentui\/core-(darwin|win32)-/ }, ({ path }) => ({ path, namespace: "absent" }))
      build.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "export default null", loader: "js" }))
    },
  }
}

/**
 * Makes the runtime deaf to its own variables, by putting a NUL before their names: no variable can be called that.
 * ("=" in the name would not do: getenv("A=B") finds a variable A whose value begins with "B=".)
 */
function disarm(program: Buffer): Buffer {
  for (const name of runtimeVariables) {
    let at = program.indexOf(name)
    if (at < 0) throw new BuildError(`${name} is not in the runtime any more; look at what it obeys now, by hand`)
    for (; at >= 0; at = program.indexOf(name, at)) program[at] = 0
  }
  return program
}

/**
 * The packages the bundled files came from with what those depend on, since a published file may hold its dependencies
 * already, and the renderer's library.
 */
function packagesIn(inputs: readonly string[], native: string): string[] {
  const names = new Set([native])
  for (const input of inputs) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
    if (name !== undefined) names.add(name)
  }
  // A Set hands out what is added while it is walked.
  for (const name of names)
    for (const dependency of Object.keys(installed(name)?.dependencies ?? {})) names.add(dependency)
  return [...names].sort()
}

const runtimeNotice = `This program contains Bun ${Bun.version} (MIT), which contains JavaScriptCore and WebKit (LGPL-2) and others.
Their licences, and how to relink: https://bun.com/docs/project/license
`

function layLicenses(folder: string, packages: readonly string[]): void {
  rmSync(folder, { recursive: true, force: true })
  const lay = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true })
    return join(folder, name)
  }
  copyFileSync(join(root, "LICENSE"), join(lay("holyf-network"), "LICENSE"))
  writeFileSync(join(lay("bun"), "NOTICE"), runtimeNotice)
  for (const name of packages) {
    const from = join(root, "node_modules", name)
    // Everything that grants or limits a right, and the offer of the source that LGPL-2.1 asks for.
    const files = readdirSync(from).filter((file) =>
      /^(licen[cs]e|copying|notice|patents|authors|ffmpeg-source)/i.test(file),
    )
    if (files.length === 0) throw new BuildError(`${name} has no licence file in ${from}`)
    for (const file of files) copyFileSync(join(from, file), join(lay(name), file))
  }
}

/**
 * The first twelve digits of the commit that is checked out in `folder`, read from `.git` by hand, since the machine
 * that builds may have no git. `unknown` outside a clone. Knows worktrees and packed references.
 */
export function readCommit(folder: string): string {
  try {
    const dotGit = join(folder, ".git")
    const gitFolder = statSync(dotGit).isDirectory()
      ? dotGit
      : resolve(
          folder,
          readFileSync(dotGit, "utf8")
            .replace(/^gitdir:/, "")
            .trim(),
        )
    return readReference(gitFolder, "HEAD")?.slice(0, 12) ?? "unknown"
  } catch {
    return "unknown"
  }
}

function readReference(gitFolder: string, name: string, depth = 0): string | undefined {
  // A worktree has its own HEAD and shares the branches.
  const commonFile = join(gitFolder, "commondir")
  const common = existsSync(commonFile) ? resolve(gitFolder, readFileSync(commonFile, "utf8").trim()) : gitFolder
  const loose = [join(gitFolder, name), join(common, name)].find((file) => existsSync(file))
  const value = loose === undefined ? packedReference(common, name) : readFileSync(loose, "utf8").trim()
  if (value === undefined || /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value
  const target = /^ref:\s*(refs\/\S+)$/.exec(value)?.[1]
  // git itself follows no more than five names.
  return target === undefined || depth >= 5 ? undefined : readReference(gitFolder, target, depth + 1)
}

function packedReference(common: string, name: string): string | undefined {
  const file = join(common, "packed-refs")
  if (!existsSync(file)) return undefined
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((text) => text.endsWith(` ${name}`))
  return line?.split(" ")[0]
}

if (import.meta.main) {
  try {
    await build(readArguments(process.argv.slice(2)))
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    process.stderr.write(`build: ${error.message}\n`)
    process.exitCode = 1
  }
}
