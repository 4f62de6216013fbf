/**
 * The real world is put together here: what was asked, with which environment, on which terminal.
 *
 * Everything but the version is loaded when it is needed, so that no command pays for another.
 */
import { checkTerminal, scrubEnvironment } from "./shell/environment.ts"
import { versionLine } from "./shell/version.ts"

// Before anything can import the renderer, which reads its variables as it loads.
scrubEnvironment()

const [first] = process.argv.slice(2)
if (first === "-v" || first === "--version") console.log(versionLine)
// Not for operators: tests/binary proves with it that the renderer starts where no folder may hold code.
else if (first === "--check-renderer") await (await import("./shell/terminal/native.ts")).checkRenderer()
else {
  const terminal = checkTerminal()
  process.stderr.write(`holyf-network: ${terminal.ok ? "this build has no dashboard yet" : terminal.reason}\n`)
  process.exitCode = 2
}
