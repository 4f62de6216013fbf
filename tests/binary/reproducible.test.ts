import { expect, test } from "bun:test"
import { createHash } from "node:crypto"
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root, runBuild, sources } from "../support/binary.ts"

/** Big, and no part of the program. */
const toolsOnly = new Set(["@biomejs", "@oven", "@typescript", "bun", "typescript"])

/** The sources as a second clone has them, with real packages: a link to ours would lead the build back to our folder. */
function cloneTo(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const name of sources) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  const packages = readdirSync(join(root, "node_modules")).filter(
    (name) => !name.startsWith(".") && !toolsOnly.has(name),
  )
  for (const name of packages) {
    const from = join(root, "node_modules", name)
    for (const file of new Bun.Glob("**/*").scanSync({ cwd: from, dot: true })) {
      mkdirSync(join(folder, "node_modules", name, file, ".."), { recursive: true })
      linkSync(join(from, file), join(folder, "node_modules", name, file))
    }
  }
  mkdirSync(join(folder, ".git"))
  writeFileSync(join(folder, ".git/HEAD"), `${"1".repeat(40)}\n`)
}

const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex")

test("two clones in different folders give the same bytes and the same licences", () => {
  mkdirSync(join(root, "dist"), { recursive: true })
  const folder = mkdtempSync(join(root, "dist/reproducible-"))
  try {
    const [first, second] = [join(folder, "one"), join(folder, "another/and deeper")]
    for (const clone of [first, second]) {
      cloneTo(clone)
      runBuild(clone, [])
    }
    expect(sha256(join(second, "dist/holyf-network"))).toBe(sha256(join(first, "dist/holyf-network")))
    const elsewhere = mkdtempSync(join(tmpdir(), "holyf-build-"))
    try {
      runBuild(second, ["--outfile", join(elsewhere, "holyf-network")])
      expect(sha256(join(elsewhere, "holyf-network"))).toBe(sha256(join(first, "dist/holyf-network")))
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
    const { stdout } = Bun.spawnSync([join(second, "dist/holyf-network"), "-v"])
    expect(stdout.toString()).toContain("(111111111111)")

    const licenses = readdirSync(join(first, "dist/licenses"), { recursive: true }).map(String).sort()
    expect(readdirSync(join(second, "dist/licenses"), { recursive: true }).map(String).sort()).toEqual(licenses)
    for (const file of [
      "holyf-network/LICENSE",
      "bun/NOTICE",
      "@opentui/core/LICENSE",
      "@opentui/core-linux-x64/LICENSE-FFMPEG",
    ])
      expect(licenses).toContain(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

test.each([
  { args: ["--target", "riscv"], says: /no target riscv; there are x64, / },
  { args: ["--outfil", "x"], says: /--outfil/ },
  // Not published for every version, and never installed on an x64 machine by itself.
  {
    args: ["--target", "arm64-musl"],
    says: /@opentui\/core-linux-arm64-musl \d\S+ is .*install it with: npm install /,
  },
])("build.ts $args fails with one line", ({ args, says }) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "build.ts", ...args], { cwd: root })
  expect(stderr.toString()).toMatch(says)
  expect(stderr.toString().trim().split("\n")).toHaveLength(1)
  expect(stdout.toString()).toBe("")
  expect(exitCode).toBe(1)
})
