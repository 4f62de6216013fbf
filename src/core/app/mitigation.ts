/**
 * Actions on the host, as the state machine sees them: what is asked, what came back, what the screen knows meanwhile.
 *
 * The panels ask; the answers are everybody's, so they are taken in here.
 */
import {
  type ActiveBlock,
  blockText,
  findLost,
  isSameBlock,
  type KnownBlocks,
  stillActive,
  withLost,
} from "../mitigation/active.ts"
import type { Capabilities } from "../mitigation/capability.ts"
import type { Lifelines, Overrides } from "../mitigation/guards.ts"
import type { MatchCount } from "../mitigation/plan.ts"
import { blockReport, type KillOutcome, killReport, type Told } from "../mitigation/report.ts"
import type { Target } from "../mitigation/target.ts"
import type { NamespaceName } from "../model/subject.ts"
import type { Reading } from "../sample/sample.ts"
import type { Effect } from "./effect.ts"
import type { State } from "./state.ts"
import type { Step } from "./update.ts"

/** Whom, and where. */
export interface Place {
  readonly target: Target
  /** Absent: the namespace we were started in. */
  readonly namespace?: NamespaceName
}

export type MitigationEffect =
  /** Which means this host has. Answers `capabilities/probed`. Changes nothing. */
  | { readonly type: "capabilities/probe" }
  /** Every block with our mark, whoever made it. Answers `blocks/listed`, also when they cannot be listed. */
  | { readonly type: "blocks/list"; readonly epoch: number }
  /** Removes what is left of our table when the kernel has lifted the last block. */
  | { readonly type: "blocks/tidy"; readonly namespaces: readonly NamespaceName[] }
  /** What must not be cut off. Answers `lifelines/known`. */
  | { readonly type: "lifelines/read"; readonly namespace?: NamespaceName }
  /** How many connections a target matches now. Answers `peer/matched`. */
  | ({ readonly type: "peer/match" } & Place)
  /** Keeps a peer out and ends its connections. Guards are asked again. Answers `peer/blocked`. */
  | ({ readonly type: "peer/block"; readonly minutes: number; readonly overrides: Overrides } & Place)
  /** Ends a peer's connections. Guards are asked again. Answers `peer/killed`. */
  | ({ readonly type: "peer/kill"; readonly overrides: Overrides } & Place)
  /** Gives a block that many milliseconds from now. Answers `block/extended`. */
  | { readonly type: "block/extend"; readonly block: ActiveBlock; readonly durationMs: number }
  /** Answers `blocks/lifted`. */
  | { readonly type: "block/lift"; readonly block: ActiveBlock }
  /** Lifts everything with our mark and ends then, where that is asked. Answers `blocks/lifted`. */
  | { readonly type: "block/lift-all"; readonly isQuitting: boolean }
  /** The last lines of the action log. Answers `log/known`. */
  | { readonly type: "log/read" }
  /** Writes down what was noticed. */
  | { readonly type: "log/write"; readonly what: string; readonly result: string }

export type MitigationAction =
  | { readonly type: "capabilities/probed"; readonly capabilities: Capabilities }
  /** The timer of the list of blocks fired. */
  | { readonly type: "blocks/due"; readonly at: number }
  | { readonly type: "blocks/listed"; readonly epoch: number; readonly seen: Reading<BlockList>; readonly at: number }
  | { readonly type: "lifelines/known"; readonly lifelines: Lifelines }
  | ({ readonly type: "peer/matched"; readonly count: MatchCount } & Place)
  | ({
      readonly type: "peer/blocked"
      readonly block: ActiveBlock
      /** Of a container, in front of it: the same peer at the ports of this host that lead there. */
      readonly also: readonly ActiveBlock[]
      readonly isRenewed: boolean
      readonly kill: KillOutcome
    } & Done)
  | ({ readonly type: "peer/killed"; readonly kill: KillOutcome } & Place & Done)
  | ({ readonly type: "block/extended"; readonly block: ActiveBlock } & Done)
  | ({
      readonly type: "blocks/lifted"
      readonly lifted: readonly ActiveBlock[]
      readonly isQuitting: boolean
    } & Done)
  | { readonly type: "log/known"; readonly lines: readonly string[] }

interface Done {
  readonly at: number
  /** Why it could not be written down in the action log. */
  readonly unlogged?: string
}

export interface BlockList {
  readonly blocks: readonly ActiveBlock[]
  readonly notes: readonly string[]
  /** Nothing is missing that is there. */
  readonly isComplete: boolean
}

/** Effects that change the host: they are counted until they are answered, and a replay has none of them. */
const changing: ReadonlySet<Effect["type"]> = new Set([
  "peer/block",
  "peer/kill",
  "block/extend",
  "block/lift",
  "block/lift-all",
])
export const isChanging = (effect: Effect): boolean => changing.has(effect.type)

export const listBlocks = ({ blocks }: Pick<State, "blocks">): Effect => ({ type: "blocks/list", epoch: blocks.epoch })

/** How long what an action did stands in the status bar. */
const RESULT_MS = 10_000

const told = (state: State, { text, tone }: Told, { at, unlogged }: Done): State => ({
  ...state,
  now: Math.max(state.now, at),
  notice: {
    text: unlogged === undefined ? text : `${text}; ${unlogged}`,
    tone: unlogged === undefined ? tone : tone === "ok" ? "warn" : tone,
    until: at + RESULT_MS,
  },
})

/** An action was answered: one less is under way, lists that were begun before it say nothing, what is open reads anew. */
function settled(state: State, change: (blocks: KnownBlocks) => KnownBlocks = (blocks) => blocks): Step {
  const blocks = { ...change(state.blocks), epoch: state.blocks.epoch + 1 }
  const next = { ...state, underWay: Math.max(0, state.underWay - 1), blocks }
  return [next, listBlocks(next), ...(state.overlays.includes("action-log") ? [readLog] : [])]
}

const readLog: Effect = { type: "log/read" }

const withBlock =
  (block: ActiveBlock) =>
  (blocks: KnownBlocks): KnownBlocks => ({
    ...blocks,
    list: [...blocks.list.filter((other) => !isSameBlock(other, block)), block],
  })

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`

type Reducers = {
  readonly [T in MitigationAction["type"]]: (state: State, action: Extract<MitigationAction, { type: T }>) => Step
}

export const mitigationReducers: Reducers = {
  "capabilities/probed": (state, { capabilities }) => [{ ...state, capabilities }],
  "blocks/due": (state) => [state, listBlocks(state)],
  "blocks/listed": (state, action) => (action.epoch === state.blocks.epoch ? afterList(state, action) : [state]),
  "lifelines/known": (state, { lifelines }) => [{ ...state, lifelines }],
  "peer/matched": (state, { type: _, ...match }) => [{ ...state, match }],
  "peer/blocked": (state, action) => {
    const { block, also, kill, isRenewed } = action
    const report = blockReport(block, kill, isRenewed)
    const text = `${[block, ...also].map(blockText).join(", ")}: ${report.text}`
    return settled(told(state, { ...report, text }, action), (blocks) =>
      [block, ...also].reduce((known, each) => withBlock(each)(known), blocks),
    )
  },
  "peer/killed": (state, action) => {
    const report = killReport(action.kill)
    return settled(told(state, { ...report, text: `${blockText(action)}: ${report.text}` }, action))
  },
  "block/extended": (state, action) => {
    const text = `${blockText(action.block)}: block active ${Math.round(action.block.durationMs / 60_000)}m from now`
    return settled(told(state, { text, tone: "ok" }, action), withBlock(action.block))
  },
  "blocks/lifted": (state, action) => {
    const { lifted, isQuitting } = action
    const [first] = lifted
    const text =
      first === undefined
        ? "nothing to lift: it was gone already"
        : lifted.length === 1
          ? `${blockText(first)}: block lifted`
          : `${count(lifted.length, "block")} lifted`
    const [next, ...effects] = settled(told(state, { text, tone: "ok" }, action), (blocks) => ({
      ...blocks,
      list: blocks.list.filter((block) => !lifted.some((other) => isSameBlock(block, other))),
    }))
    return isQuitting ? [next, { type: "program/quit", code: 0 }] : [next, ...effects]
  },
  "log/known": (state, { lines }) => [{ ...state, log: lines }],
}

function afterList(state: State, { seen, at }: Extract<MitigationAction, { type: "blocks/listed" }>): Step {
  const { reason: _, ...before } = state.blocks
  if (!seen.ok) return [{ ...state, blocks: { ...before, reason: seen.reason, isListed: true } }]
  const { blocks: list, notes, isComplete } = seen.value
  const lost = isComplete ? findLost(before.list, list, at) : []
  const next = {
    ...state,
    blocks: { ...before, list, notes, lost: withLost(before.lost, lost, at), isListed: true },
  }
  const places = before.list.flatMap(({ namespace }) => namespace ?? [])
  const tidy: Effect[] =
    before.list.length > 0 && list.length === 0 && isComplete ? [{ type: "blocks/tidy", namespaces: places }] : []
  if (lost.length === 0) return [next, ...tidy]
  const text = `${lost.length === 1 ? `block of ${blockText(lost[0]!)} is` : `${lost.length} blocks are`} gone: ${LOST_WHY}`
  const written = lost.map(
    (block): Effect => ({ type: "log/write", what: `block ${blockText(block)}`, result: `gone: ${LOST_WHY}` }),
  )
  return [{ ...next, notice: { text, tone: "crit", until: Math.max(state.now, at) + RESULT_MS } }, ...written, ...tidy]
}

export const LOST_WHY = "lifted by another program, or the ruleset was flushed"

/** What the failure of an effect means here: an action that failed is no longer under way, and what is there is asked. */
export const afterFailure = (state: State, effect: Effect): Step => (isChanging(effect) ? settled(state) : [state])

/** Blocks that would stay when the program ends now. */
export const hasBlocks = (state: State): boolean => stillActive(state.blocks, state.now).length > 0
