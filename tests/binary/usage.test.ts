/** What cannot be done is said in one line on stderr, before anything is drawn. */
import { beforeAll, describe, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { temporaryFolder } from "../support/folder.ts"
import { openPty } from "../support/pty.ts"

let binary = ""
beforeAll(() => {
  binary = builtBinary()
}, 60_000)

/** Runs it in a terminal, with stderr apart; what a terminal would get is told from what an operator reads. */
async function refused(words: readonly string[]) {
  using folder = temporaryFolder()
  const file = folder.write("stderr", "")
  await using pty = openPty(["sh", "-c", 'exec "$@" 2>"$STDERR"', "sh", binary, ...words], { env: { STDERR: file } })
  const exitCode = await pty.child.exited
  await pty.text()
  return { exitCode, drawn: pty.raw, stderr: await Bun.file(file).text() }
}

describe("a mistake on the command line ends with 2 and one line", () => {
  test.each([
    { words: ["-i", "nosuch"], says: /nosuch.*\blo\b/ },
    { words: ["-i", ""], says: /--interface/ },
    { words: ["-i", "\x1b[31mred\n"], says: /interface/ },
    { words: ["-r", "0"], says: /--refresh .*1.*300.*"0"/ },
    { words: ["-r", "301"], says: /--refresh .*"301"/ },
    { words: ["-r", "abc"], says: /--refresh .*"abc"/ },
    { words: ["-r", "1.5"], says: /--refresh .*"1.5"/ },
    { words: ["-r"], says: /--refresh needs a value/ },
    { words: ["-r", "1", "-r", "2"], says: /given twice/ },
    { words: ["--refesh", "5"], says: /did you mean --refresh\?/ },
    { words: ["--nosuch"], says: /unknown flag "--nosuch"/ },
    { words: ["-x"], says: /unknown flag "-x"/ },
    { words: ["--delay-start"], says: /unknown flag/ },
    { words: ["nosuch"], says: /unknown command "nosuch"/ },
    { words: ["conections"], says: /did you mean connections\?/ },
    { words: ["--health-config", "missing.toml"], says: /thresholds: .*missing\.toml.*ENOENT|no such/i },
    { words: ["--health-config", "/"], says: /thresholds: / },
    { words: ["--health-config"], says: /--health-config needs a value/ },
  ])("%o", async ({ words, says }) => {
    const { exitCode, drawn, stderr } = await refused(words)
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/^holyf-network: [^\n\x00-\x1f]+\n$/)
    expect(drawn).toBe("")
    expect(exitCode).toBe(2)
  })
})

describe("a thresholds file that is wrong ends with 2 and names what is", () => {
  test.each([
    { name: "no TOML", text: "retrans = [", says: /thresholds/ },
    { name: "a word for a number", text: '[conntrack]\nwarn = "high"\n', says: /warn|conntrack/ },
    { name: "an unknown key", text: "[nosuch]\nwarn = 1\n", says: /nosuch/ },
    { name: "bytes that are no text", text: "\u0000\u0001", says: /thresholds/ },
    { name: "too long", text: `# ${"x".repeat(70_000)}\n`, says: /longer than 65536 bytes/ },
  ])("$name", async ({ text, says }) => {
    using folder = temporaryFolder()
    const file = folder.write("thresholds.toml", text)
    const { exitCode, drawn, stderr } = await refused(["-i", "lo", "--health-config", file])
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/^holyf-network: [^\n\x00-\x1f]+\n$/)
    expect(drawn).toBe("")
    expect(exitCode).toBe(2)
  })
})

test("a mistake is named before the missing terminal", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([binary, "-i", "nosuch"], { env: { TERM: "dumb" } })
  expect(stderr.toString()).toMatch(/^holyf-network: [^\n]*nosuch[^\n]*\n$/)
  expect(stdout.toString()).toBe("")
  expect(exitCode).toBe(2)
})

test.each([
  { name: "stdin", script: 'exec "$@" </dev/null 2>"$ERR"' },
  { name: "stdout", script: 'exec "$@" >"$OUT" 2>"$ERR"' },
])("$name is no terminal", async ({ name, script }) => {
  using folder = temporaryFolder()
  const [err, out] = [folder.write("err", ""), folder.write("out", "")]
  await using pty = openPty(["sh", "-c", script, "sh", binary, "-i", "lo"], { env: { ERR: err, OUT: out } })
  expect(await pty.child.exited).toBe(2)
  await pty.text()
  expect(await Bun.file(err).text()).toMatch(new RegExp(`^holyf-network: [^\\n]*\\b${name} is none[^\\n]*\\n$`))
  expect(await Bun.file(out).text()).toBe("")
  expect(pty.raw).toBe("")
})
