/** A fault of ours ends the dashboard with 70, and its stack is on the shell's screen: never under the dashboard. */
import { expect, test } from "bun:test"
import { join } from "node:path"
import { expectGivenBack } from "../support/dashboard.ts"
import { openPty } from "../support/pty.ts"

const program = join(import.meta.dir, "../support/faulty-screen.ts")

test.each([
  { where: "a key handler", send: "x" },
  { where: "a timer", send: "x" },
  { where: "a promise", send: "x" },
  { where: "an immediate", send: "x" },
  { where: "paint", send: "x" },
  { where: "a mouse handler", send: "\x1b[<0;3;1M" },
  { where: "a paste handler", send: "\x1b[200~x\x1b[201~" },
  { where: "the start", send: undefined },
])("a fault in $where", async ({ where, send }) => {
  const fault = where.startsWith("a mouse") || where.startsWith("a paste") ? "paint" : where
  await using pty = openPty([process.execPath, program, fault], { cols: 150 })
  if (send !== undefined) {
    await pty.until((text) => text.startsWith("ready"))
    pty.send(send)
  }
  expect(await pty.child.exited).toBe(70)
  await expectGivenBack(pty)
  const text = await pty.text()
  expect(text.split(`fault in ${where}`)).toHaveLength(2)
  expect(text).toContain("faulty-screen.ts")
  // In the order in which an operator reads: what was printed while the screen was up comes first.
  if (send === "x") expect(text).toStartWith("printed over the screen")
})
