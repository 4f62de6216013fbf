/**
 * Actions on the host: block, kill, extend, lift, and what must be known for them.
 *
 * Whatever the screen already asked, guards are asked again here, since the world moved on meanwhile. Every action is
 * written to the action log with its result; what fails is thrown, and becomes one notice.
 */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import type { BlockList, Place } from "../../core/app/mitigation.ts"
import type { State } from "../../core/app/state.ts"
import { type ActiveBlock, blockText, isSamePlace, stillActive } from "../../core/mitigation/active.ts"
import type { Block } from "../../core/mitigation/block.ts"
import { type Capabilities, parseForced } from "../../core/mitigation/capability.ts"
import { guardTarget, type Overrides, standing } from "../../core/mitigation/guards.ts"
import { killText } from "../../core/mitigation/kill.ts"
import { countMatches } from "../../core/mitigation/plan.ts"
import type { KillOutcome } from "../../core/mitigation/report.ts"
import type { Target } from "../../core/mitigation/target.ts"
import type { NamespaceName } from "../../core/model/subject.ts"
import { missing, reading } from "../../core/sample/sample.ts"
import { currentActor, logAction, readActionLog } from "../files/action-log.ts"
import { sinceBootMs } from "../kernel/clock.ts"
import { listBlocks } from "../kernel/firewall.ts"
import { listHostAddresses } from "../kernel/links.ts"
import { KernelError } from "../kernel/netlink.ts"
import { findPublishedPorts } from "../kernel/peer-flows.ts"
import { readLifelines } from "../lifelines.ts"
import {
  findMatches,
  isExpected,
  killPeer,
  liftAllBlocks,
  liftBlock,
  type Means,
  placeBlock,
  probeCapabilities,
  seeBlocks,
  tidyBlocks,
} from "../mitigation.ts"
import { NamespaceList } from "../namespaces.ts"
import { askedBy, newBlockId } from "../plain/place.ts"
import type { EffectHandlers } from "../program.ts"

type Handlers = Pick<
  EffectHandlers,
  | "capabilities/probe"
  | "blocks/list"
  | "blocks/tidy"
  | "lifelines/read"
  | "peer/match"
  | "peer/block"
  | "peer/kill"
  | "block/extend"
  | "block/lift"
  | "block/lift-all"
  | "log/read"
  | "log/write"
>

const MINUTE_MS = 60_000
/** Lines of the action log that are shown. */
const LOG_LINES = 100
/** Namespaces in which blocks of others are looked for. */
const NAMESPACES_MAX = 64
/** A list of iptables is as good as new for so long, as long as nobody changed the ruleset. */
const PROGRAMS_MS = 30_000

export function mitigationEffects(): Handlers {
  const forced = parseForced(process.env.HOLYF_FORCE_EXEC)
  let host: Promise<Capabilities> | undefined
  const hostCapabilities = () => {
    host ??= probeCapabilities(forced)
    return host
  }
  const meansIn = async (namespace: NamespaceName | undefined): Promise<Means> => {
    if (namespace === undefined) return { capabilities: await hostCapabilities() }
    const place = placeIn(namespace)
    return { capabilities: await probeCapabilities(forced, place), namespace: place }
  }
  /** Looking needs no means. */
  const looking = async (namespace: NamespaceName | undefined): Promise<Means> => ({
    capabilities: await hostCapabilities(),
    ...(namespace === undefined ? {} : { namespace: placeIn(namespace) }),
  })
  const lister = new Lister(meansIn)
  let isMatching = false

  return {
    "capabilities/probe": async () => ({ type: "capabilities/probed", capabilities: await hostCapabilities() }),
    "blocks/list": async ({ epoch }, state) => ({
      type: "blocks/listed",
      epoch,
      seen: await lister.list(state),
      at: sinceBootMs(),
    }),
    "blocks/tidy": async ({ namespaces }) => {
      for (const namespace of [undefined, ...namespaces]) {
        try {
          await tidyBlocks(await meansIn(namespace))
        } catch (error) {
          // An empty table does no harm, and a namespace that is gone took its own along.
          if (!isExpected(error)) throw error
        }
      }
      return undefined
    },
    "lifelines/read": async ({ namespace }) => ({
      type: "lifelines/known",
      lifelines: await readLifelines(namespace === undefined ? {} : { namespace: placeIn(namespace) }),
    }),
    // One at a time: on a host with very many connections the timer is faster than the answer.
    "peer/match": async ({ type: _, ...place }) => {
      if (isMatching) return undefined
      isMatching = true
      try {
        const count = countMatches(await findMatches(place.target, await looking(place.namespace)))
        return { type: "peer/matched", ...place, count }
      } finally {
        isMatching = false
      }
    },
    "peer/block": async ({ minutes, overrides, ...place }) => {
      const what = `block ${blockText(place)} for ${minutes} min${forcedText(overrides)}`
      return logged(what, async (write) => {
        const means = await meansIn(place.namespace)
        await checkGuards(`block ${blockText(place)}`, place, means, overrides)
        const blocked = async (target: Target, where: Means) =>
          placeBlock(
            { id: newBlockId(), target, startedAt: Date.now(), durationMs: minutes * MINUTE_MS, by: askedBy() },
            where,
          )
        // Asked before anything changes: the kill deletes the flows that tell.
        const ports = await portsInFront(place.target, means.namespace)
        const { block, replaced } = await blocked(place.target, means)
        const also: ActiveBlock[] = []
        const failures: string[] = []
        for (const port of ports) {
          await attempt(failures, async () => {
            const inFront = await blocked({ ...place.target, port }, await meansIn(undefined))
            also.push(active(inFront.block))
          })
        }
        const kill = await endConnections(place.target, means)
        // In front of a container there are the flows, and maybe a proxy's sockets.
        for (const { target } of also) await endConnections(target, await meansIn(undefined))
        const told = [
          `until ${clock(block.expiresAt)} (${block.id}${replaced === undefined ? "" : `, in place of ${replaced.id}`})`,
          ...also.map((each) => `also ${blockText(each)} (${each.id})`),
          ...failures,
          outcomeText(kill),
        ]
        return {
          type: "peer/blocked",
          block: active(block, place.namespace),
          also,
          isRenewed: replaced !== undefined,
          kill,
          at: sinceBootMs(),
          ...write(told.join("; ")),
        }
      })
    },
    "peer/kill": async ({ type: _, overrides, ...place }) =>
      logged(`kill ${blockText(place)}${forcedText(overrides)}`, async (write) => {
        const means = await meansIn(place.namespace)
        await checkGuards(`kill ${blockText(place)}`, place, means, overrides)
        const kill = await killPeer(place.target, means)
        return { type: "peer/killed", ...place, kill, at: sinceBootMs(), ...write(killText(kill)) }
      }),
    "block/extend": async ({ block: before, durationMs }) =>
      logged(`extend block ${blockText(before)}`, async (write) => {
        const { target, namespace } = before
        const request = { id: newBlockId(), target, startedAt: Date.now(), durationMs, by: askedBy() }
        const { block } = await placeBlock(request, sameBackend(await meansIn(namespace), before))
        return {
          type: "block/extended",
          block: active(block, namespace),
          at: sinceBootMs(),
          ...write(`until ${clock(block.expiresAt)} (${block.id}, in place of ${before.id})`),
        }
      }),
    "block/lift": async ({ block }) =>
      logged(`unblock ${blockText(block)}`, async (write) => {
        const lifted = await liftBlock(block.target, await meansIn(block.namespace))
        return {
          type: "blocks/lifted",
          lifted: lifted.map((each) => active(each, block.namespace)),
          isQuitting: false,
          at: sinceBootMs(),
          ...write(liftedText(lifted)),
        }
      }),
    "block/lift-all": async ({ isQuitting }, state) =>
      logged("lift all blocks", async (write) => {
        const lifted: ActiveBlock[] = []
        for (const namespace of [undefined, ...namespacesOf(state.blocks.list)]) {
          const here = await liftAllBlocks(await meansIn(namespace))
          lifted.push(...here.map((each) => active(each, namespace)))
        }
        return { type: "blocks/lifted", lifted, isQuitting, at: sinceBootMs(), ...write(liftedText(lifted)) }
      }),
    "log/read": () => ({ type: "log/known", lines: readActionLog(LOG_LINES) }),
    "log/write": ({ what, result }) => {
      log(what, result)
      return undefined
    },
  }
}

// ---- where ---------------------------------------------------------------------------------------------------------

/** A file that leads into the namespace now. Throws `KernelError` when nothing does. */
function placeIn({ id, name }: NamespaceName): NamespacePlace {
  const path = new NamespaceList().pathOf(id)
  if (path === undefined)
    throw new KernelError(`enter network namespace ${JSON.stringify(name)}`, "it is gone, or may not be entered")
  return { path, inode: id }
}

const namespacesOf = (blocks: readonly ActiveBlock[]): readonly NamespaceName[] => [
  ...new Map(
    blocks.flatMap(({ namespace }) => (namespace === undefined ? [] : [[namespace.id, namespace] as const])),
  ).values(),
]

/** A block with its end by the clock of the screen. */
const active = (block: Block, namespace?: NamespaceName): ActiveBlock => ({
  ...block,
  endsAt: sinceBootMs() + block.expiresAt - Date.now(),
  ...(namespace === undefined ? {} : { namespace }),
})

/** A block is renewed where it is: by the other means it would be there twice. */
function sameBackend({ capabilities, ...place }: Means, { backend }: Block): Means {
  const firewall =
    backend === "kernel" ? ({ backend } as const) : ({ backend: "exec", reason: "made by iptables" } as const)
  return { ...place, capabilities: { ...capabilities, firewall } }
}

/** The ports of this host that lead to a container's: none for rows of this host itself. */
async function portsInFront(target: Target, namespace: NamespacePlace | undefined): Promise<readonly number[]> {
  if (namespace === undefined) return []
  try {
    const addresses = (await listHostAddresses(namespace)).map(({ address }) => address)
    return await findPublishedPorts(target, addresses)
  } catch (error) {
    // Without connection tracking nothing is translated.
    if (isExpected(error)) return []
    throw error
  }
}

// ---- guards, kills -------------------------------------------------------------------------------------------------

async function checkGuards(operation: string, { target }: Place, { namespace }: Means, overrides: Overrides) {
  const lifelines = await readLifelines(namespace === undefined ? {} : { namespace })
  const refusals = standing(guardTarget(target, lifelines), overrides)
  if (refusals.length > 0)
    throw new KernelError(operation, `refused: ${refusals.map(({ reason }) => reason).join("; ")}`)
}

/** A block stands without its kill too, so a refusal here is a part of the report. */
async function endConnections(target: Target, means: Means): Promise<KillOutcome> {
  try {
    return await killPeer(target, means)
  } catch (error) {
    if (isExpected(error)) return { failure: error.message }
    throw error
  }
}

const outcomeText = (kill: KillOutcome) => ("failure" in kill ? `then failed: ${kill.failure}` : killText(kill))
const liftedText = (lifted: readonly Block[]) =>
  lifted.length === 0 ? "nothing to lift" : `lifted ${lifted.map(({ id }) => id).join(", ")}`
const clock = (at: number) => new Date(at).toTimeString().slice(0, 8)

const forcedText = ({ force, forceSshPeer }: Overrides) =>
  forceSshPeer ? ", own session overridden" : force ? ", guards overridden" : ""

async function attempt(failures: string[], act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isExpected(error)) throw error
    failures.push(error.message)
  }
}

// ---- the action log ------------------------------------------------------------------------------------------------

const log = (what: string, result: string) => logAction({ what, result, at: Date.now(), actor: currentActor() })

type Write = (result: string) => { readonly unlogged?: string }

/** Does it with a pen for its result; what is thrown is written down too, and thrown on. */
async function logged<T>(what: string, act: (write: Write) => Promise<T>): Promise<T> {
  try {
    return await act((result) => {
      const unlogged = log(what, result)
      return unlogged === undefined ? {} : { unlogged }
    })
  } catch (error) {
    log(what, `failed: ${error instanceof Error ? error.message : String(error)}`)
    throw error
  }
}

// ---- the list of blocks --------------------------------------------------------------------------------------------

/** Lists blocks often and cheaply: programs are started only when something may have changed since. */
class Lister {
  private programs = { at: Number.NEGATIVE_INFINITY, generation: -1 }

  constructor(private readonly meansIn: (namespace: NamespaceName | undefined) => Promise<Means>) {}

  async list(state: State): Promise<ReturnType<typeof reading<BlockList>> | ReturnType<typeof missing>> {
    try {
      const here = await this.listHere(state)
      const elsewhere = await this.listElsewhere(state)
      return reading({
        blocks: [...here.blocks, ...elsewhere],
        notes: here.notes,
        isComplete: here.isComplete,
      })
    } catch (error) {
      if (isExpected(error)) return missing(error.message)
      throw error
    }
  }

  private async listHere(state: State): Promise<BlockList> {
    const now = sinceBootMs()
    const known = stillActive(state.blocks, now).filter(
      (block) => block.backend === "iptables" && isSamePlace(block, {}),
    )
    const means = await this.meansIn(undefined)
    const isFresh = now - this.programs.at < PROGRAMS_MS && known.length === 0
    let seen = await seeBlocks(means, isFresh ? [] : undefined)
    if (isFresh && seen.generation !== this.programs.generation) seen = await seeBlocks(means)
    if (seen.generation !== this.programs.generation || !isFresh)
      this.programs = { at: now, generation: seen.generation ?? -1 }
    return {
      blocks: seen.blocks.map((block) => active(block)),
      notes: seen.notes,
      isComplete: seen.generation !== undefined,
    }
  }

  /** In other namespaces: by the kernel alone, which costs little; one that cannot be entered has nothing to show. */
  private async listElsewhere({ blocks, model }: State): Promise<readonly ActiveBlock[]> {
    const seen = model?.connections.ok === true ? (model.connections.value.namespaces ?? []) : []
    const names = new Map([...seen.slice(1), ...namespacesOf(blocks.list)].map(({ id, name }) => [id, { id, name }]))
    if (names.size === 0) return []
    const found: ActiveBlock[] = []
    const paths = new Map(new NamespaceList().look().map((place) => [place?.id, place?.path]))
    for (const namespace of [...names.values()].slice(0, NAMESPACES_MAX)) {
      const path = paths.get(namespace.id)
      if (path === undefined) continue
      try {
        const { blocks: inside } = await listBlocks({ namespace: { path, inode: namespace.id } })
        found.push(...inside.map((block) => active(block, namespace)))
      } catch (error) {
        if (!isExpected(error)) throw error
      }
    }
    return found
  }
}
