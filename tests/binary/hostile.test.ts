/** The program runs as root; whoever owns the folder it is started in, or a variable, must not run code through it. */
import { beforeAll, describe, expect, test } from "bun:test"
import { existsSync, readFileSync, statSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { hasLooked } from "../support/dashboard.ts"
import { temporaryFolder } from "../support/folder.ts"
import { hardenedHosts } from "../support/hardened-host.ts"
import { openPty, type Pty } from "../support/pty.ts"
import { requires } from "../support/requirements.ts"

/** Everything that runs code or writes files for a variable has happened once the dashboard has looked and ended. */
async function lookAndQuit(pty: Pty): Promise<void> {
  await pty.until(hasLooked)
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
}

let binary = ""
beforeAll(() => {
  binary = builtBinary()
}, 60_000)

/** A folder whose files run code or change the program's course when a Bun reads them. */
function hostileFolder() {
  const folder = temporaryFolder()
  const marker = join(folder.path, "marker")
  const preload = folder.write("preload.ts", `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "")\n`)
  const traps = [
    folder.write("bunfig.toml", `preload = [${JSON.stringify(preload)}]\n`),
    folder.write(".env", "HOSTILE=1\nTERM=dumb\nNODE_ENV=test\n"),
    folder.write(".env.local", "HOSTILE=1\n"),
    folder.write(".env.production", "HOSTILE=1\n"),
    folder.write("package.json", '{ "type": "commonjs", "imports": { "#x": "./preload.ts" } }\n'),
    folder.write("tsconfig.json", '{ "compilerOptions": { "paths": { "*": ["./preload.ts"] } } }\n'),
  ]
  // A read moves an access time that is older than the last change, also where `relatime` saves the others.
  for (const trap of traps) utimesSync(trap, 0, Date.now() / 1000)
  return {
    ...folder,
    marker,
    preload,
    /** The files that somebody has read. */
    touched: () =>
      traps.filter((trap) => statSync(trap).atimeMs !== 0).map((trap) => trap.slice(folder.path.length + 1)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

/** Whether reads can be seen at all where the tests keep their files. */
const seesReads = (() => {
  using folder = temporaryFolder()
  const file = folder.write("read-me", "x")
  utimesSync(file, 0, Date.now() / 1000)
  readFileSync(file)
  return statSync(file).atimeMs !== 0
})()
const withAccessTimes = requires({ kernel: { has: seesReads, what: "access times in the temporary folder" } })

describe("in a hostile folder", () => {
  withAccessTimes("a plain runtime falls into the traps, so they are some", () => {
    using folder = hostileFolder()
    Bun.spawnSync([process.execPath, "-e", "1"], { cwd: folder.path })
    expect(existsSync(folder.marker)).toBe(true)
    expect(folder.touched()).toEqual(expect.arrayContaining(["bunfig.toml", ".env", "package.json"]))
  })

  withAccessTimes("-v reads nothing of it", () => {
    using folder = hostileFolder()
    const { stdout, exitCode } = Bun.spawnSync([binary, "-v"], { cwd: folder.path })
    expect(stdout.toString()).toStartWith("holyf-network version ")
    expect(exitCode).toBe(0)
    expect(existsSync(folder.marker)).toBe(false)
    expect(folder.touched()).toEqual([])
  })

  withAccessTimes("the dashboard reads nothing of it", async () => {
    using folder = hostileFolder()
    await using pty = openPty([binary, "-i", "lo"], { cwd: folder.path })
    await lookAndQuit(pty)
    expect(existsSync(folder.marker)).toBe(false)
    expect(folder.touched()).toEqual([])
  })
})

describe("variables that make a plain Bun run code or write files do nothing", () => {
  const version = /^holyf-network version \S+ \(\S+\)\n$/

  test.each([
    { name: "BUN_OPTIONS", env: (preload: string) => ({ BUN_OPTIONS: `--preload ${preload}` }) },
    // getenv("BUN=OPTIONS") would find this one.
    { name: "BUN with =OPTIONS in its value", env: (preload: string) => ({ BUN: `OPTIONS=--preload ${preload}` }) },
    { name: "BUN_INSPECT_PRELOAD", env: (preload: string) => ({ BUN_INSPECT_PRELOAD: preload }) },
  ])("$name preloads nothing", ({ env }) => {
    using folder = hostileFolder()
    const { stdout, exitCode } = Bun.spawnSync([binary, "-v"], { env: env(folder.preload) })
    expect(existsSync(folder.marker)).toBe(false)
    expect(stdout.toString()).toMatch(version)
    expect(exitCode).toBe(0)
  })

  test.each([{ BUN_BE_BUN: "1" }, { BUN: "BE=BUN=1" }, { BUN: "BE_BUN=1" }])("%o does not make it a Bun", (env) => {
    using folder = hostileFolder()
    // Our own command line knows no word `run`; a Bun would print its version.
    const { stdout, stderr } = Bun.spawnSync([binary, "-v", "run", folder.preload], { env })
    expect(stdout.toString()).toBe("")
    expect(stderr.toString()).toBe('holyf-network: unknown command "run"; see holyf-network --help\n')
    Bun.spawnSync([binary, folder.preload], { env })
    Bun.spawnSync([binary, "-e", `require("node:fs").writeFileSync(${JSON.stringify(folder.marker)}, "")`], { env })
    expect(existsSync(folder.marker)).toBe(false)
  })

  test.each(["BUN_BYTECODE_ORDER_OUT", "BUN_BYTECODE_ORDER_NAMES_OUT", "BUN_BYTECODE_DIGEST_OUT"])(
    "%s writes nothing",
    (name) => {
      using folder = temporaryFolder()
      const out = join(folder.path, "out")
      Bun.spawnSync([binary, "-v"], { env: { [name]: out } })
      expect(existsSync(out)).toBe(false)
    },
  )

  withAccessTimes("OTUI_ASSET_ROOT loads nothing", async () => {
    using folder = temporaryFolder()
    const library = folder.write("@opentui/core-linux-x64/libopentui.so", "not a library")
    utimesSync(library, 0, Date.now() / 1000)
    await using pty = openPty([binary, "-i", "lo"], { env: { OTUI_ASSET_ROOT: folder.path } })
    await lookAndQuit(pty)
    expect(statSync(library).atimeMs).toBe(0)
  })

  test("OTUI_STDIN_LOG empties and writes nothing", async () => {
    using folder = temporaryFolder()
    const precious = folder.write("precious", "still here")
    await using pty = openPty([binary, "-i", "lo"], { env: { OTUI_STDIN_LOG: precious } })
    await lookAndQuit(pty)
    expect(readFileSync(precious, "utf8")).toBe("still here")
  })
})

describe("the screen starts although", () => {
  for (const host of hardenedHosts) {
    requires(host.needs)(host.name, async () => {
      using folder = temporaryFolder()
      const { command, env } = host.start([binary, "-i", "lo"], folder.path)
      await using pty = openPty(command, { env })
      await lookAndQuit(pty)
    })
  }
})
