/**
 * The verbs of mitigation, by whatever means this host has: block, unblock, list, kill.
 *
 * Plain data in, plain data out: the screen's effects and the plain commands call the same functions.
 */
import type { NamespacePlace } from "../../ffi/namespace.ts"
import { type Block, type BlockRequest, compareBlocks } from "../core/mitigation/block.ts"
import {
  type Capabilities,
  chooseBackend,
  programs,
  type Subsystem,
  subsystems,
} from "../core/mitigation/capability.ts"
import { type Matches, type PeerSocket, type PortFacts, sortOut } from "../core/mitigation/incoming.ts"
import {
  afterDestroy,
  afterLook,
  beginSweep,
  type KillSummary,
  nextRound,
  summarize,
  type Verdict,
} from "../core/mitigation/kill.ts"
import { type Target, targetText } from "../core/mitigation/target.ts"
import { probeKernel } from "./kernel/capability.ts"
import { blockPeer, listBlocks, tidyFirewall, unblockAll, unblockPeer } from "./kernel/firewall.ts"
import { KernelError } from "./kernel/netlink.ts"
import { countPeerFlows, deletePeerFlows } from "./kernel/peer-flows.ts"
import { destroySockets, findPeerSockets, listListening, type NamedSocket, openSockets } from "./kernel/peer-sockets.ts"
import { readEphemeralPorts } from "./lifelines.ts"
import { deleteFlowsByTool } from "./tools/conntrack-tool.ts"
import { startGuardian } from "./tools/guardian.ts"
import { blockByIptables, listIptablesBlocks, unblockAllByIptables, unblockByIptables } from "./tools/iptables.ts"
import { findProgram, ToolError } from "./tools/run.ts"
import { findBySs, killBySs, listListeningBySs } from "./tools/ss.ts"

/** Where an action takes place, by which means. */
export interface Means {
  readonly capabilities: Capabilities
  /** Absent: our own network namespace. */
  readonly namespace?: NamespacePlace
}

/** Finds out what this host lets us do. `forced` are those of HOLYF_FORCE_EXEC. Changes nothing; never throws. */
export async function probeCapabilities(
  forced: ReadonlySet<Subsystem>,
  namespace?: NamespacePlace,
): Promise<Capabilities> {
  const problems = await probeKernel(namespace)
  const choose = (subsystem: Subsystem) => {
    const kernelProblem = problems[subsystem]
    return chooseBackend(subsystem, {
      hasProgram: findProgram(programs[subsystem]) !== undefined,
      isForced: forced.has(subsystem),
      ...(kernelProblem !== undefined && { kernelProblem }),
    })
  }
  return Object.fromEntries(subsystems.map((subsystem) => [subsystem, choose(subsystem)])) as Capabilities
}

/** The action cannot be done by any means that this host has. */
const impossible = (operation: string, reason: string) => new KernelError(operation, reason)

// ---- blocks --------------------------------------------------------------------------------------------------------

export interface BlocksSeen {
  readonly blocks: readonly Block[]
  /** Raised by every change of the kernel's ruleset; absent where that cannot be read. */
  readonly generation?: number
  readonly notes: readonly string[]
}

/**
 * Blocks of both means, whoever made them. Throws when neither can be read. `known` are blocks of iptables that need not
 * be asked for again, since a program has to be started for that.
 */
export async function seeBlocks({ namespace }: Means, known?: readonly Block[]): Promise<BlocksSeen> {
  const place = placeOf(namespace)
  const notes: string[] = []
  const problems: unknown[] = []
  const attempt = async <T>(act: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await act()
    } catch (error) {
      if (!isExpected(error)) throw error
      problems.push(error)
      notes.push(error.message)
      return undefined
    }
  }
  const kernel = await attempt(() => listBlocks(place))
  const iptables = known ?? (await attempt(() => listIptablesBlocks(place)))
  if (kernel === undefined && (iptables === undefined || iptables.length === 0)) throw problems[0]
  const strangers = kernel?.strangerCount ?? 0
  return {
    blocks: [...(kernel?.blocks ?? []), ...(iptables ?? [])].sort(compareBlocks),
    ...(kernel !== undefined && { generation: kernel.generation }),
    notes: [
      ...notes,
      ...(strangers > 0 ? [`${strangers} elements of our sets do not carry our mark and are left alone`] : []),
    ],
  }
}

/** The kernel, or a program, said no: a sentence for the operator and no fault of ours. */
export const isExpected = (error: unknown): error is KernelError | ToolError =>
  error instanceof KernelError || error instanceof ToolError

const placeOf = (namespace: NamespacePlace | undefined) => (namespace === undefined ? {} : { namespace })

/** Places a block by the best means. Throws `KernelError` or `ToolError`. */
export async function placeBlock(
  request: BlockRequest,
  { capabilities, namespace }: Means,
): Promise<{ readonly block: Block; readonly replaced?: Block }> {
  const { firewall } = capabilities
  const place = placeOf(namespace)
  if (firewall.backend === "none") throw impossible(`block ${targetText(request.target)}`, firewall.reason)
  if (firewall.backend === "kernel") return blockPeer(request, place)
  const blocked = await blockByIptables(request, place)
  startGuardian(namespace)
  return blocked
}

/** Lifts the block of a target, or with no port in it every block of that peer, by both means. */
export const liftBlock = (target: Target, means: Means): Promise<readonly Block[]> =>
  liftBoth(
    means,
    (place) => unblockPeer(target, place),
    (place) => unblockByIptables(target, place),
  )

export const liftAllBlocks = (means: Means): Promise<readonly Block[]> =>
  liftBoth(means, unblockAll, unblockAllByIptables)

type Lift = (place: { readonly namespace?: NamespacePlace }) => Promise<readonly Block[]>

async function liftBoth(
  { capabilities, namespace }: Means,
  byKernel: Lift,
  byIptables: Lift,
): Promise<readonly Block[]> {
  const place = placeOf(namespace)
  const lifted: Block[] = []
  let problem: unknown
  // What the kernel cannot do is no news where iptables was chosen for that very reason.
  const mayFail = capabilities.firewall.backend !== "kernel"
  try {
    lifted.push(...(await byKernel(place)))
  } catch (error) {
    if (!isExpected(error) || !mayFail) throw error
    problem = error
  }
  const seen = await listIptablesBlocks(place).catch((error: unknown) => {
    if (!isExpected(error)) throw error
    return []
  })
  if (seen.length > 0) lifted.push(...(await byIptables(place)))
  else if (problem !== undefined && capabilities.firewall.backend === "none") throw problem
  return lifted
}

/** Removes our table when the kernel has lifted the last block in it. */
export const tidyBlocks = ({ namespace }: Means): Promise<void> => tidyFirewall(placeOf(namespace))

// ---- kills ---------------------------------------------------------------------------------------------------------

/** How a backend looks and destroys. */
interface Killer {
  look(): Promise<{ readonly sockets: readonly PeerSocket[]; readonly listening: PortFacts["listening"] }>
  destroy(sockets: readonly PeerSocket[]): Promise<readonly { readonly key: string; readonly verdict: Verdict }[]>
  close(): void
}

function openKiller(target: Target, { capabilities, namespace }: Means): Killer {
  const { socket } = capabilities
  const { port } = target
  if (socket.backend === "none") throw impossible(`kill ${targetText(target)}`, socket.reason)
  const place = placeOf(namespace)
  if (socket.backend === "exec")
    return {
      look: async () => ({
        sockets: await findBySs(target, port, place),
        listening: await listListeningBySs(place),
      }),
      destroy: async (sockets) => {
        const verdicts: { key: string; verdict: Verdict }[] = []
        for (const localPort of new Set(sockets.map((one) => one.localPort)))
          for (const { key } of await killBySs(target, localPort, place)) verdicts.push({ key, verdict: "" })
        return verdicts
      },
      close() {},
    }
  const conversation = openSockets(namespace)
  return {
    look: async () => ({
      sockets: await findPeerSockets(conversation, target, port),
      listening: await listListening(conversation),
    }),
    // What a look of this killer found are its own sockets.
    destroy: (sockets) => destroySockets(conversation, sockets as readonly NamedSocket[]),
    close: () => conversation.close(),
  }
}

/** The connections that a kill of this target would end, and those that it leaves alone. Changes nothing. */
export async function findMatches(target: Target, means: Means): Promise<Matches> {
  // Looking needs no privilege and no program.
  using conversation = openSockets(means.namespace)
  const sockets = await findPeerSockets(conversation, target)
  const listening = await listListening(conversation)
  return sortOut(target, sockets, { listening, ephemeral: readEphemeralPorts(means.namespace) })
}

/** How many flows a kill of this target would delete; undefined where that cannot be read. Changes nothing. */
export async function countFlows(target: Target, { namespace }: Means): Promise<number | undefined> {
  try {
    return await countPeerFlows(target, namespace)
  } catch (error) {
    if (isExpected(error)) return undefined
    throw error
  }
}

/**
 * Ends the connections that came in from the target's peers to its port, and deletes their flows. Rounds of looking and
 * destroying, at most four seconds; the last look is the proof. Throws `KernelError` or `ToolError` when it cannot even
 * be begun.
 */
export async function killPeer(target: Target, means: Means): Promise<KillSummary> {
  const start = performance.now()
  const elapsed = () => performance.now() - start
  const ephemeral = readEphemeralPorts(means.namespace)
  const killer = openKiller(target, means)
  try {
    let sweep = beginSweep
    let flows: KillSummary["flows"] | undefined
    for (;;) {
      const { sockets, listening } = await killer.look()
      const { incoming } = sortOut(target, sockets, { listening, ephemeral })
      sweep = afterLook(sweep, incoming)
      // Flows go after the sockets, so that nothing of theirs makes them anew, and before the look that proves.
      if (sweep.standing.length === 0 && flows === undefined) flows = await endFlows(target, means)
      const next = nextRound(sweep, elapsed())
      if (!next.go) {
        flows ??= await endFlows(target, means)
        return summarize(sweep, { elapsedMs: Math.round(elapsed()), timedOut: next.timedOut, flows })
      }
      if (next.pauseMs > 0) await Bun.sleep(next.pauseMs)
      sweep = afterDestroy(sweep, await killer.destroy(incoming))
    }
  } finally {
    killer.close()
  }
}

/** A kill is done without its flows too, so a refusal here is a part of the report. */
async function endFlows(target: Target, { capabilities, namespace }: Means): Promise<KillSummary["flows"]> {
  const { conntrack } = capabilities
  try {
    if (conntrack.backend === "none") return { reason: conntrack.reason }
    if (conntrack.backend === "kernel") return { deleted: await deletePeerFlows(target, namespace) }
    return { deleted: await deleteFlowsByTool(target, placeOf(namespace)) }
  } catch (error) {
    if (isExpected(error)) return { reason: error.message }
    throw error
  }
}
