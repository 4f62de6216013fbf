import { describe, expect, test } from "bun:test"
import { judgeTerminal, scrubEnvironment } from "../../src/shell/environment.ts"

test("scrubEnvironment forgets the renderer's variables and no other", () => {
  const env = {
    OTUI_ASSET_ROOT: "/x",
    OTUI_STDIN_LOG: "/x",
    OPENTUI_GRAPHICS: "1",
    SHOW_CONSOLE: "1",
    TERM: "xterm",
    MY_OTUI_: "kept",
    NO_COLOR: "1",
  }
  scrubEnvironment(env)
  expect(Object.keys(env)).toEqual(["TERM", "MY_OTUI_", "NO_COLOR"])
})

describe("judgeTerminal", () => {
  const judge = (env: Record<string, string>, facts: { stdin?: boolean; stdout?: boolean } = {}) =>
    judgeTerminal({ stdinIsTerminal: facts.stdin ?? true, stdoutIsTerminal: facts.stdout ?? true, env })

  test.each([
    { name: "stdout is no terminal", env: { TERM: "xterm" }, facts: { stdout: false }, says: "stdout is none" },
    { name: "stdin is no terminal", env: { TERM: "xterm" }, facts: { stdin: false }, says: "stdin is none" },
    { name: "TERM=dumb", env: { TERM: "dumb" }, facts: {}, says: "TERM=dumb cannot move the cursor" },
    { name: "TERM is empty", env: { TERM: "" }, facts: {}, says: "TERM is not set" },
    { name: "there is no TERM", env: {}, facts: {}, says: "TERM is not set" },
  ])("refuses when $name, and says what to do", ({ env, facts, says }) => {
    const check = judge(env as Record<string, string>, facts)
    expect(check).toEqual({ ok: false, reason: expect.stringContaining(says) })
    expect(check).toEqual({ ok: false, reason: expect.stringContaining("use `holyf-network connections`") })
  })

  test.each([
    ["xterm-256color", "", "xterm-256color"],
    ["xterm-kitty", "", "xterm-kitty"],
    ["xterm", "truecolor", "xterm"],
    // The renderer sends 24-bit colour to these, which do not understand it.
    ["xterm", "", "xterm-256color"],
    ["linux", "", "xterm-256color"],
    ["vt220", "", "xterm-256color"],
    ["screen", "", "screen-256color"],
    ["tmux", "", "screen-256color"],
  ])("TERM=%s COLORTERM=%s is %s to the renderer", (term, colorTerm, expected) => {
    expect(judge({ TERM: term, COLORTERM: colorTerm })).toMatchObject({ ok: true, term: expected })
  })

  test.each([
    { env: {}, isColored: true },
    { env: { NO_COLOR: "1" }, isColored: false },
    { env: { NO_COLOR: "" }, isColored: true },
    { env: { LANG: "en_US.UTF-8" }, isUtf8: true },
    { env: { LANG: "C.utf8" }, isUtf8: true },
    { env: { LANG: "C" }, isUtf8: false },
    { env: {}, isUtf8: false },
    { env: { LC_ALL: "C", LANG: "en_US.UTF-8" }, isUtf8: false },
    { env: { LC_ALL: "", LC_CTYPE: "de_DE.UTF-8", LANG: "C" }, isUtf8: true },
  ])("%o", ({ env, ...expected }) => {
    expect(judge({ TERM: "xterm", ...env } as Record<string, string>)).toMatchObject(expected)
  })
})
