/** Opens the dashboard: what must hold before the screen may start, in the order an operator would put it right. */
import type { LiveRequest } from "./cli.ts"
import { checkTerminal } from "./environment.ts"
import { usageFailure, worldFailure } from "./failure.ts"
import { KernelError } from "./kernel/netlink.ts"
import { checkSockets } from "./kernel/sockets.ts"
import { requireNamespaces, switchOnAccounting } from "./netns.ts"
import { requireInterface } from "./required-interface.ts"
import { loadThresholds } from "./threshold-file.ts"
import { version } from "./version.ts"

/** Answers the exit code. Throws a `Failure` before anything was drawn. */
export async function openDashboard(asked: LiveRequest): Promise<number> {
  const interfaceName = await requireInterface(asked.interface)
  const { thresholds, note } = loadThresholds(asked.healthConfig === undefined ? {} : { named: asked.healthConfig })
  const namespaces = requireNamespaces(asked.netns)
  const terminal = checkTerminal()
  if (!terminal.ok) throw usageFailure(terminal.reason)
  try {
    checkSockets()
  } catch (error) {
    // The interface and the sockets come this way: a screen without both says nothing.
    if (error instanceof KernelError) throw worldFailure(error.message)
    throw error
  }
  switchOnAccounting(asked.enableAcct)
  const { live } = await import("./live.ts")
  const [maskSalt = 0] = crypto.getRandomValues(new Uint32Array(1))
  return live(
    { interfaceName, refreshMs: asked.refresh * 1000, version, thresholds, ownPid: process.pid, maskSalt },
    {
      isMasked: asked.sensitiveIp,
      isReleaseAsked: asked.checkUpdate,
      namespaces,
      notes: note === undefined ? [] : [note],
      terminal: { term: terminal.term, hasColor: terminal.isColored, isUtf8: terminal.isUtf8, theme: asked.theme },
    },
  )
}
