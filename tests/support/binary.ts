/** The program under test: built once for the sources as they are, and shared by every test that asks. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { readCommit } from "../../build.ts"

export const root = join(import.meta.dir, "../..")
const cache = join(root, "dist/test")

/** Everything the bytes of the program come from, in this folder. */
export const sources = ["build.ts", "package.json", "bun.lock", "LICENSE", "tsconfig.json", "src", "ffi", "config"]

/** Runs build.ts of the clone in `folder`. Throws with what it printed when it fails. */
export function runBuild(folder: string, args: readonly string[]): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "build.ts", ...args], { cwd: folder })
  if (exitCode !== 0) throw new Error(`build.ts ${args.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`)
}

/** The path of the built program. The first caller builds it; two at once build the same bytes, and one is kept. */
export function builtBinary(): string {
  const folder = join(cache, sourceKey())
  const binary = join(folder, "holyf-network")
  if (existsSync(binary)) return binary
  // What other sources gave is 130 MB each.
  mkdirSync(cache, { recursive: true })
  for (const name of readdirSync(cache)) {
    if (!name.startsWith(sourceKey())) rmSync(join(cache, name), { recursive: true, force: true })
  }
  const draft = `${folder}.${process.pid}`
  runBuild(root, ["--outfile", join(draft, "holyf-network")])
  try {
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(binary)) throw error
  }
  return binary
}

function sourceKey(): string {
  const hash = createHash("sha256").update(readCommit(root)).update(Bun.version)
  for (const file of sourceFiles()) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest("hex").slice(0, 16)
}

function sourceFiles(): string[] {
  return sources
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) =>
      name.includes(".") || name === "LICENSE"
        ? [name]
        : [...new Bun.Glob("**/*").scanSync({ cwd: join(root, name) })].map((file) => join(name, file)),
    )
    .sort()
}
