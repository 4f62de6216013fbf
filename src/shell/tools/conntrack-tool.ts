/** Connection tracking entries deleted by `conntrack`, where the kernel's own interface is not used. */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { peerText, type Target } from "../../core/mitigation/target.ts"
import { findProgram, firstLine, runTool, ToolError } from "./run.ts"

export const hasConntrackTool = (): boolean => findProgram("conntrack") !== undefined

/**
 * Deletes the flows that the target's peers opened to its port, TCP and UDP; those that this host opened to them have
 * another source and stay. Answers how many. Throws `ToolError`.
 */
export async function deleteFlowsByTool(
  target: Target,
  { namespace }: { readonly namespace?: NamespacePlace } = {},
): Promise<number> {
  const operation = "delete connection tracking entries"
  let deleted = 0
  for (const protocol of ["tcp", "udp"] as const) {
    const answer = await runTool({
      operation,
      program: "conntrack",
      args: [
        "-D",
        "-f",
        target.family === 4 ? "ipv4" : "ipv6",
        "-p",
        protocol,
        "--orig-src",
        peerText(target),
        ...(target.port === undefined ? [] : ["--orig-port-dst", String(target.port)]),
      ],
      ...(namespace !== undefined && { namespace }),
    })
    // It ends with 1 when nothing matched too, and says how many in any case.
    const count = /(\d+) flow entries have been deleted/.exec(answer.stderr)?.[1]
    if (count === undefined) throw new ToolError(operation, `conntrack: ${firstLine(answer)}`)
    deleted += Number(count)
  }
  return deleted
}
