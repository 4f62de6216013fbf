/**
 * A program with a fault, on the real screen: `bun tests/support/faulty-screen.ts <fault>`. It shows `ready`, and goes
 * wrong at the first key; a second fault follows the first, as they do.
 */
import type { Line } from "../../src/core/text/line.ts"
import { line } from "../../src/core/text/line.ts"
import { run } from "../../src/shell/terminal/screen.ts"

class Fault extends Error {}
const fail = (where: string): never => {
  throw new Fault(`fault in ${where}`)
}

/** Where the fault is, and what brings it about once the screen is up. */
const faults: Readonly<Record<string, (paint: (lines: readonly Line[]) => void) => void>> = {
  "a key handler": () => fail("a key handler"),
  "a timer": () => void setTimeout(() => fail("a timer"), 1),
  "a promise": () => void Promise.reject(new Fault("fault in a promise")),
  "an immediate": () => void setImmediate(() => fail("an immediate")),
  // A line that cannot be drawn.
  paint: (paint) => paint([Object.defineProperty([...line("x")], 0, { get: () => fail("paint") }) as unknown as Line]),
}

const fault = faults[process.argv[2] ?? ""]
const isAtStart = process.argv[2] === "the start"
if (fault === undefined && !isAtStart) throw new Error(`no fault of that name: ${process.argv[2]}`)

process.exit(
  await run({ term: "xterm-256color", hasColor: true, isUtf8: true, theme: "dark" }, (screen) => {
    if (isAtStart) fail("the start")
    screen.paint([line("ready")])
    // What is left running would keep the program alive.
    setInterval(() => {}, 1_000)
    return {
      shown: () => {},
      key: () => {
        console.error("printed over the screen")
        setTimeout(() => fail("what came after"), 5)
        fault!(screen.paint)
      },
      mouse: () => fail("a mouse handler"),
      paste: () => fail("a paste handler"),
      resize: () => {},
      stop: () => {},
    }
  }),
)
