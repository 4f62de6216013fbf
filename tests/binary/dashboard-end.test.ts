/** Whichever way the dashboard ends, the terminal is given back and nothing of it stays. */
import { beforeAll, describe, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { expectGivenBack, hasLooked, isRunning, openDashboard, untilEnded } from "../support/dashboard.ts"
import { openPty, type Pty } from "../support/pty.ts"
import { requires } from "../support/requirements.ts"

beforeAll(() => {
  builtBinary()
}, 60_000)

/** Children of a process, as the kernel lists them. */
const childrenOf = async (pid: number) =>
  (await Bun.file(`/proc/${pid}/task/${pid}/children`).text()).trim().split(/\s+/).filter(Boolean).map(Number)

describe("gives the terminal back", () => {
  test.each([
    { by: "q", end: (pty: Pty) => pty.send("q"), code: 0 },
    { by: "Ctrl+C", end: (pty: Pty) => pty.send("\x03"), code: 0 },
    { by: "SIGINT", end: (pty: Pty) => pty.child.kill("SIGINT"), code: 130 },
    { by: "SIGQUIT", end: (pty: Pty) => pty.child.kill("SIGQUIT"), code: 131 },
    { by: "SIGTERM", end: (pty: Pty) => pty.child.kill("SIGTERM"), code: 143 },
    { by: "SIGHUP", end: (pty: Pty) => pty.child.kill("SIGHUP"), code: 129 },
  ])("$by ends with $code", async ({ end, code }) => {
    await using pty = await openDashboard(["-r", "1"])
    expect(pty.isAlternate()).toBe(true)
    expect(pty.isCooked()).toBe(false)
    expect(await childrenOf(pty.child.pid)).toEqual([])
    end(pty)
    expect(await pty.child.exited).toBe(code)
    await expectGivenBack(pty)
    expect(isRunning(pty.child.pid)).toBe(false)
    // Nothing was written on the shell's screen.
    expect((await pty.text()).trim()).toBe("")
  })

  test("a signal while an overlay and a field are open", async () => {
    await using pty = await openDashboard()
    pty.send("/nginx")
    await pty.until((text) => text.includes("Find: nginx"))
    pty.child.kill("SIGTERM")
    expect(await pty.child.exited).toBe(143)
    await expectGivenBack(pty)
  })

  test("signals that come together end it once", async () => {
    await using pty = await openDashboard()
    pty.child.kill("SIGTERM")
    pty.child.kill("SIGTERM")
    pty.child.kill("SIGHUP")
    expect([129, 143]).toContain(await pty.child.exited)
    await expectGivenBack(pty)
  })

  // Whichever step the start has come to: nothing drawn yet, the terminal half set up, the first frame on its way.
  test.each([0, 10, 20, 30, 40, 50, 60, 80, 100, 130])("SIGTERM %d ms after the start", async (ms) => {
    await using pty = openPty([builtBinary(), "-i", "lo"])
    await Bun.sleep(ms)
    pty.child.kill("SIGTERM")
    expect(await pty.child.exited).toBe(143)
    await pty.text()
    expect(pty.isAlternate()).toBe(false)
    expect(pty.isCooked()).toBe(true)
    if (pty.raw !== "") await expectGivenBack(pty)
  })
})

test("the title of the terminal is the one from before", async () => {
  await using pty = openPty(["sh", "-c", `printf '\\033]0;my shell\\a'; exec ${builtBinary()} -i lo`])
  await pty.until(hasLooked)
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
  await pty.text()
  expect(pty.title).toBe("my shell")
})

describe("no orphan stays", () => {
  test("when the terminal is closed", async () => {
    await using pty = await openDashboard(["-r", "1"])
    const { pid } = pty.child
    pty.hangUp()
    await untilEnded(pid)
    expect(await pty.child.exited).toBe(129)
  })

  test("when the terminal is closed before the first frame", async () => {
    await using pty = openPty([builtBinary(), "-i", "lo"])
    pty.hangUp()
    await untilEnded(pty.child.pid)
  })

  test("when the terminal is closed, also where SIGHUP was ignored at the start (nohup)", async () => {
    await using pty = openPty(["sh", "-c", `trap '' HUP; exec ${builtBinary()} -i lo -r 1`])
    await pty.until(hasLooked)
    pty.hangUp()
    await untilEnded(pty.child.pid)
  })

  test("when the shell that started it is killed", async () => {
    await using pty = openPty(["sh", "-i"], { env: { PS1: "$ " } })
    await pty.until((text) => text.includes("$"))
    pty.send(`${builtBinary()} -i lo -r 1\r`)
    await pty.until(hasLooked)
    const [pid] = await childrenOf(pty.child.pid)
    expect(isRunning(pid!)).toBe(true)
    pty.child.kill("SIGKILL")
    await untilEnded(pid!)
  })

  requires({ tools: ["bash"] })("when the terminal is closed while it is stopped", async () => {
    await using pty = openPty(["bash", "--norc", "--noprofile", "--noediting", "-i"], { env: { PS1: "shell> " } })
    await pty.until((text) => text.includes("shell>"))
    pty.send(`${builtBinary()} -i lo -r 1\r`)
    await pty.until(hasLooked)
    const [pid] = await childrenOf(pty.child.pid)
    pty.send("\x1a")
    await pty.until((text) => text.includes("Stopped"))
    pty.hangUp()
    await untilEnded(pid!)
  })
})

describe("Ctrl+Z", () => {
  requires({ tools: ["bash"] })("gives the screen to the shell, and fg takes it again", async () => {
    await using pty = openPty(["bash", "--norc", "--noprofile", "--noediting", "-i"], { env: { PS1: "shell> " } })
    await pty.until((text) => text.includes("shell>"))
    pty.send(`${builtBinary()} -i lo -r 1\r`)
    await pty.until(hasLooked)
    const [pid] = await childrenOf(pty.child.pid)
    for (let round = 1; round <= 2; round++) {
      pty.send("\x1a")
      await pty.until((text) => text.includes("Stopped") && text.trimEnd().endsWith("shell>"))
      await expectGivenBack(pty)
      expect(await Bun.file(`/proc/${pid}/status`).text()).toMatch(/^State:\s+T/m)
      // What the shell prints and a window of another size are not seen afterwards.
      pty.resize({ cols: 100 + round * 10, rows: 30 })
      pty.send("clear; fg\r")
      await pty.until((text) => hasLooked(text) && text.split("\n")[0]!.length === 100 + round * 10)
      expect(pty.isAlternate()).toBe(true)
      expect(pty.isCooked()).toBe(false)
      expect(await pty.text()).not.toContain("shell>")
    }
    pty.send("q")
    await pty.until((text) => text.trimEnd().endsWith("shell>"))
    await untilEnded(pid!)
    await expectGivenBack(pty)
  })

  requires({ tools: ["bash"] })(
    "stopped from outside (SIGSTOP), it repaints what the shell has drawn over",
    async () => {
      await using pty = openPty(["bash", "--norc", "--noprofile", "--noediting", "-i"], { env: { PS1: "shell> " } })
      await pty.until((text) => text.includes("shell>"))
      pty.send(`${builtBinary()} -i lo -r 300\r`)
      await pty.until(hasLooked)
      const [pid] = await childrenOf(pty.child.pid)
      process.kill(pid!, "SIGSTOP")
      await pty.until((text) => text.includes("Stopped"))
      pty.send("fg\r")
      await pty.until((text) => hasLooked(text) && !text.includes("shell>") && !text.includes("Stopped"))
      pty.send("?")
      await pty.until((text) => text.includes("Row above"))
      pty.send("\x03")
      await untilEnded(pid!)
    },
  )

  test("with no shell to start it again it stays", async () => {
    await using pty = await openDashboard(["-r", "1"])
    pty.send("\x1a")
    await pty.until(() => pty.raw.split("\x1b[?1049h").length === 3 && pty.isAlternate())
    pty.send("?")
    await pty.until((text) => text.includes("Row above"))
    expect(pty.isAlternate()).toBe(true)
    pty.send("\x03")
    expect(await pty.child.exited).toBe(0)
    await expectGivenBack(pty)
  })
})
