/**
 * Everything that must pass: types, format, and every test. `--kernel` runs only the tests that need a kernel of their own.
 *
 * It ends with the reasons for which tests were skipped, and one line with the counts. A check that is no test counts
 * only when it fails.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listenTo } from "./support/listen.ts"
import { inPrivateNames } from "./support/private-names.ts"
import { canUnshare, networkNamespace, OUTER_NAMESPACE } from "./support/requirements.ts"
import { addTallies, closingLine, readTally, type Tally, withoutSkips } from "./support/tally.ts"

const root = join(import.meta.dir, "..")
const bin = (name: string) => join(root, "node_modules/.bin", name)
/** These folders change the network they run in, so they get one that nothing else uses. */
const kernelFolders = ["tests/kernel", "tests/lab"]

/** With the folders of root's PATH, where `requires` looks too: a plain `su` leaves them out. */
const searchPath = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`

/** Runs a check that only passes or fails. */
async function check(name: string, command: string[]): Promise<Tally> {
  const child = Bun.spawn(command, { cwd: root, stdin: "ignore", stdout: "inherit", stderr: "inherit" })
  const failed = (await child.exited) === 0 ? 0 : 1
  console.log(`${name}: ${failed === 0 ? "ok" : "FAILED"}`)
  return { passed: 0, failed, skipped: new Map() }
}

async function runTests(options: {
  prefix?: readonly string[]
  args: readonly string[]
  env?: Readonly<Record<string, string>>
}): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), "holyf-test-"))
  const junitFile = join(folder, "junit.xml")
  try {
    // No test is about time: the limit is there for what hangs, and a busy machine takes its time.
    const command = [
      process.execPath,
      "test",
      "--timeout=30000",
      "--reporter=junit",
      `--reporter-outfile=${junitFile}`,
      ...options.args,
    ]
    const child = Bun.spawn([...(options.prefix ?? []), ...command], {
      cwd: root,
      env: { ...process.env, PATH: searchPath, ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}), ...options.env },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "pipe",
    })
    const listening = listenTo(child.stderr, (bytes) => process.stderr.write(bytes))
    const exitCode = await child.exited
    const printed = await listening.end()
    return readTally({ printed, junit: existsSync(junitFile) ? readFileSync(junitFile, "utf8") : "", exitCode })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const plainTests = () =>
  runTests({ args: ["--parallel", ...kernelFolders.map((folder) => `--path-ignore-patterns=${folder}/**`)] })

async function kernelTests(): Promise<Tally> {
  const folders = kernelFolders.filter(
    (folder) => [...new Bun.Glob(`${folder}/**/*.test.ts`).scanSync(root)].length > 0,
  )
  if (folders.length === 0) return { passed: 0, failed: 0, skipped: new Map() }
  const args = folders.map((folder) => `./${folder}`)
  // Outside a namespace each of these tests finds that out, and is skipped with the reason.
  if (!canUnshare()) return runTests({ args })
  return runTests({
    prefix: [
      "unshare",
      "--net",
      "--mount",
      "--",
      ...inPrivateNames(["sh", "-c", 'ip link set lo up; exec "$@"', "sh"]),
    ],
    args,
    env: { [OUTER_NAMESPACE]: networkNamespace() },
  })
}

const tallies =
  process.argv[2] === "--kernel"
    ? [await kernelTests()]
    : [
        await check("types", [bin("tsc"), "--noEmit"]),
        await check("format and lint", [bin("biome"), "check", "--error-on-warnings", "."]),
        await plainTests(),
        await kernelTests(),
      ]
const sum = addTallies(tallies)
for (const [reason, count] of sum.skipped) console.log(`skipped ${count}: ${reason}`)
const verdict = process.env.HOLYF_TEST_STRICT === "1" ? withoutSkips(sum) : sum
if (verdict.failed > sum.failed) console.log("HOLYF_TEST_STRICT=1: a skipped test is a failed test")
console.log(closingLine(verdict))
process.exitCode = verdict.failed === 0 ? 0 : 1
