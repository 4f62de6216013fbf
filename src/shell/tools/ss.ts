/** Sockets of one peer by `ss`, where the kernel's own interface cannot be used. */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import type { PeerSocket, PortFacts } from "../../core/mitigation/incoming.ts"
import { readSsLines } from "../../core/mitigation/ss-lines.ts"
import { peerText, type Target } from "../../core/mitigation/target.ts"
import { findProgram, firstLine, runTool, ToolError } from "./run.ts"

export const hasSs = (): boolean => findProgram("ss") !== undefined

export interface SsPlace {
  readonly namespace?: NamespacePlace
}

const protocols = { tcp: "-t", udp: "-u" } as const

async function run(operation: string, args: readonly string[], { namespace }: SsPlace): Promise<string> {
  const answer = await runTool({ operation, program: "ss", args, ...(namespace !== undefined && { namespace }) })
  if (answer.exitCode !== 0) throw new ToolError(operation, `ss: ${firstLine(answer)}`)
  return answer.stdout
}

/** The words of a filter; TIME_WAIT and listeners are in none of these states. */
function filterOf(protocol: "tcp" | "udp", target: Target, port: number | undefined): readonly string[] {
  const states = protocol === "tcp" ? ["state", "connected", "exclude", "time-wait"] : ["state", "established"]
  // ss takes the colons of a bare IPv6 address for that of a port.
  const peer = target.family === 4 ? peerText(target) : `[${peerText(target)}]`
  return [...states, "dst", peer, ...(port === undefined ? [] : ["sport", "=", `:${port}`])]
}

/** As `findPeerSockets` of the kernel. Throws `ToolError`. */
export async function findBySs(target: Target, port?: number, place: SsPlace = {}): Promise<readonly PeerSocket[]> {
  const found: PeerSocket[] = []
  for (const protocol of ["tcp", "udp"] as const) {
    const args = ["-naHOe", protocols[protocol], ...filterOf(protocol, target, port)]
    found.push(...readSsLines(await run("list sockets", args, place), protocol))
  }
  return found
}

/**
 * Kills the sockets of one local port. `ss` uses the cookies of its own dump, so a listener is never meant. It prints
 * what it killed: those are answered. Throws `ToolError`.
 */
export async function killBySs(target: Target, port: number, place: SsPlace = {}): Promise<readonly PeerSocket[]> {
  const killed: PeerSocket[] = []
  for (const protocol of ["tcp", "udp"] as const) {
    const args = ["-KnaHOe", protocols[protocol], ...filterOf(protocol, target, port)]
    killed.push(...readSsLines(await run("kill sockets", args, place), protocol))
  }
  return killed
}

/** As `listListening` of the kernel. Throws `ToolError`. */
export async function listListeningBySs(place: SsPlace = {}): Promise<PortFacts["listening"]> {
  const ports = async (protocol: "tcp" | "udp", states: readonly string[]) =>
    new Set(
      readSsLines(await run("list listening ports", ["-naHOe", protocols[protocol], ...states], place), protocol).map(
        ({ localPort }) => localPort,
      ),
    )
  return { tcp: await ports("tcp", ["state", "listening"]), udp: await ports("udp", ["state", "unconnected"]) }
}
