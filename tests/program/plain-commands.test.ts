import { describe, expect, test } from "bun:test"
import { join, normalize } from "node:path"
import { versionLine } from "../../src/shell/version.ts"
import { openPty } from "../support/pty.ts"
import { command, runProgram } from "../support/source-program.ts"

describe("bad input is one line on stderr and nothing on stdout", () => {
  test.each<[string[], number, RegExp]>([
    [["-r", "0"], 2, /--refresh takes a whole number/],
    [["-r", "abc"], 2, /not "abc"/],
    [["--bogus"], 2, /unknown flag "--bogus"/],
    [["conections"], 2, /did you mean connections\?/],
    [["connections", "more"], 2, /no further word/],
    [["-i", "nope0"], 2, /interface nope0 does not exist\. There are: .*\blo\b/],
    [["connections", "-i", "nope0"], 2, /interface nope0 does not exist/],
    [["snapshot", "-i", "a\nb"], 2, /does not exist/],
    [[], 2, /needs a terminal/],
    [["-i", "lo"], 2, /needs a terminal/],
  ])("%j", async (words, code, message) => {
    const { stdout, stderr, exitCode } = await runProgram(words)
    expect(stderr).toMatch(/^holyf-network: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(stdout).toBe("")
    expect(exitCode).toBe(code)
  })

  test("TERM=dumb", async () => {
    await using pty = openPty(command(["-i", "lo"]), { env: { TERM: "dumb" } })
    expect(await pty.child.exited).toBe(2)
    expect(pty.raw).toMatch(/^holyf-network: TERM=dumb [^\r\n]+\r\n$/)
  })
})

describe("what is printed", () => {
  test("the version", async () => {
    for (const words of [["-v"], ["--version"], ["--version", "-r", "0"]])
      expect(await runProgram(words)).toEqual({ stdout: `${versionLine}\n`, stderr: "", exitCode: 0 })
  })

  test("the help", async () => {
    const root = await runProgram(["--help"])
    expect(root).toMatchObject({ stderr: "", exitCode: 0 })
    expect(root.stdout).toContain("holyf-network connections [flags]")
    expect(await runProgram(["help", "connections"])).toEqual(await runProgram(["connections", "-h"]))
  })

  test("the interfaces, lo among them", async () => {
    const { stdout, stderr, exitCode } = await runProgram(["--list-interfaces", "-r", "0"])
    expect([stderr, exitCode]).toEqual(["", 0])
    expect(stdout).toMatch(/^Available network interfaces:\n( {2}- \S+\n)+$/)
    expect(stdout).toContain("  - lo\n")
  })

  test("local time follows the zone of the host", async () => {
    const at = async (zone: string) =>
      JSON.parse((await runProgram(["snapshot", "-i", "lo"], { TZ: zone })).stdout).captured_at as string
    const [kolkata, utc] = await Promise.all([at("Asia/Kolkata"), at("UTC")])
    expect(kolkata).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?\+05:30$/)
    expect(utc).toMatch(/Z$/)
    expect(Math.abs(Date.parse(kolkata) - Date.parse(utc))).toBeLessThan(30_000)
  })

  test("a table no wider than the terminal", async () => {
    await using pty = openPty(command(["connections"]), { cols: 80 })
    expect(await pty.child.exited).toBe(0)
    expect(pty.raw).toMatch(/^DIR /)
    expect(pty.raw).not.toContain("\u001b")
    // What the host does not show is said on stderr, which is the same terminal here.
    const table = pty.raw.split("\r\n").filter((line) => !line.startsWith("holyf-network: note: "))
    expect(table.filter((line) => Bun.stringWidth(line) > 80)).toEqual([])
  })
})

describe("a reader that has seen enough", () => {
  const sh = async (script: string) => {
    const child = Bun.spawn(["sh", "-c", script, "sh", ...command([])], { stdout: "pipe", stderr: "pipe" })
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    return { stdout, stderr, exitCode: await child.exited }
  }

  /** Says on stderr how many pieces were asked for. */
  const print20MB = `
    import { print } from ${JSON.stringify(join(import.meta.dir, "../../src/shell/plain/output.ts"))}
    let made = 0
    function* pieces() { for (; made < 20_000; made++) yield "x".repeat(999) + "\\n" }
    await print(pieces())
    process.stderr.write(String(made))`

  test("head gets its line and the program ends well", async () => {
    const { stdout, stderr } = await sh('{ "$@" --help; echo "code $?" >&2; } | head -1')
    expect(stdout).toBe("holyf-network: who is talking to this host\n")
    expect(stderr).toBe("code 0\n")
  })

  test("one that is gone before the first byte", async () => {
    expect(await sh('{ "$@" connections -i lo 2>/dev/null; echo "code $?" >&2; } | true')).toMatchObject({
      stderr: "code 0\n",
    })
  })

  test("one that takes its time gets every byte", async () => {
    const child = Bun.spawn([process.execPath, "-e", print20MB], { stdout: "pipe", stderr: "pipe" })
    let total = 0
    for await (const bytes of child.stdout) total += bytes.length
    expect(total).toBe(20_000_000)
    expect(await new Response(child.stderr).text()).toBe("20000")
  })

  test("one that stops early stops the making too", async () => {
    const child = Bun.spawn(["sh", "-c", '"$@" | head -1 >/dev/null', "sh", process.execPath, "-e", print20MB], {
      stderr: "pipe",
    })
    const made = Number(await new Response(child.stderr).text())
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(2_000)
  })

  test("a closed stdout", async () => {
    expect(await sh('"$@" --help >&-')).toEqual({ stdout: "", stderr: "", exitCode: 0 })
  })

  test("what an error repeats is text, whatever it looks like", async () => {
    expect(await sh(`"$@" "$(printf -- '--\\033[31mred\\ttab')"`)).toEqual({
      stdout: "",
      stderr: 'holyf-network: unknown flag "--␛[31mred␉tab"; see holyf-network --help\n',
      exitCode: 2,
    })
  })

  test("a closed stderr does not hide the exit code", async () => {
    expect(await sh('"$@" -r 0 2>&-')).toEqual({ stdout: "", stderr: "", exitCode: 2 })
  })

  test.each(["--help", "-v", "--version", "connections --help", "--list-interfaces"])(
    "%s on a full disk is said",
    async (words) => {
      expect(await sh(`"$@" ${words} >/dev/full`)).toEqual({
        stdout: "",
        stderr: "holyf-network: cannot write the output: ENOSPC\n",
        exitCode: 1,
      })
    },
  )
})

describe("the renderer", () => {
  const root = join(import.meta.dir, "../..")
  const transpiler = new Bun.Transpiler({ loader: "ts" })

  /** Every module that `file` loads, at once or later. */
  async function reaches(file: string, seen = new Set<string>()): Promise<Set<string>> {
    if (seen.has(file)) return seen
    seen.add(file)
    if (!file.endsWith(".ts")) return seen
    for (const { path } of transpiler.scanImports(await Bun.file(join(root, file)).text()))
      await reaches(path.startsWith(".") ? normalize(join(file, "..", path)) : path, seen)
    return seen
  }

  test("is part of the dashboard and of no plain command", async () => {
    expect([...(await reaches("src/shell/dashboard.ts"))]).toContain("@opentui/core")
    const plain = ["plain/connections", "plain/snapshot", "plain/list-interfaces", "cli", "help"]
    const daemon = ["run", "start", "stop", "status", "prune-command", "logs", "unit"].map((name) => `daemon/${name}`)
    for (const file of [...plain, ...daemon])
      expect([...(await reaches(`src/shell/${file}.ts`))].filter((name) => name.startsWith("@opentui"))).toEqual([])
  })
})
