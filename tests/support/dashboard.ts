/** The compiled dashboard in a pseudo-terminal, and what a terminal must be like after it. */
import { expect } from "bun:test"
import { readFileSync } from "node:fs"
import { builtBinary } from "./binary.ts"
import { openPty, type Pty, type PtyOptions } from "./pty.ts"

/** Starts it on the loopback interface; the screen has had its first look once this is over. */
export async function openDashboard(words: readonly string[] = [], options: PtyOptions = {}): Promise<Pty> {
  const pty = openPty([builtBinary(), "-i", "lo", ...words], options)
  try {
    await pty.until(hasLooked)
  } catch (error) {
    await pty[Symbol.asyncDispose]()
    throw error
  }
  return pty
}

/** The status bar says how old the look is: that stands there after the first one. */
export const hasLooked = (text: string): boolean => / \d+s ago /.test(text.split("\n").at(-1) ?? "")

/** True while a process of this pid is there and has not ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

export async function untilEnded(pid: number, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (isRunning(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} is still there after ${timeoutMs} ms`)
    await Bun.sleep(10)
  }
}

/** The last that was said about a private mode of the terminal: `?25` is the cursor, `?1049` the alternate screen. */
const lastOf = (raw: string, mode: number): "h" | "l" | undefined =>
  [...raw.matchAll(new RegExp(`\\x1b\\[\\?${mode}([hl])`, "g"))].at(-1)?.[1] as "h" | "l" | undefined

/** What is switched on for the dashboard and must be off after it: mouse, focus and paste reports, the other screen. */
const MODES = {
  alternate: 1049,
  click: 1000,
  drag: 1002,
  motion: 1003,
  sgrMouse: 1006,
  focus: 1004,
  paste: 2004,
  theme: 2031,
}

/** Fails unless the terminal is as a shell needs it. */
export async function expectGivenBack(pty: Pty): Promise<void> {
  await pty.text()
  const left = Object.entries(MODES).filter(([, mode]) => lastOf(pty.raw, mode) === "h")
  expect(left, "modes that are still on").toEqual([])
  expect(lastOf(pty.raw, 25), "the cursor").not.toBe("l")
  expect(pty.isAlternate(), "on the alternate screen").toBe(false)
  expect(pty.isCooked(), "line editing and echo").toBe(true)
  // No colour is left on: the last rendition that was set is the plain one.
  expect(pty.raw.match(/\x1b\[[\d;:]*m/g)?.at(-1) ?? "\x1b[0m").toBe("\x1b[0m")
}
