/** A block: who is kept from which port, since when, how much longer, and who asked for it. */
import { isHost, isSameTarget, overlaps, peerText, type Target, targetText } from "./target.ts"

export interface Block {
  /** Eight hexadecimal digits, made when the block was asked for. */
  readonly id: string
  readonly target: Target
  /** Wall clock, milliseconds. */
  readonly startedAt: number
  readonly expiresAt: number
  /** The whole time it was made for. */
  readonly durationMs: number
  readonly by: string
  /** The kernel lifts its own by itself; those of iptables are lifted by a guardian. */
  readonly backend: "kernel" | "iptables"
}

/** What is asked for. */
export interface BlockRequest {
  readonly id: string
  readonly target: Target
  readonly startedAt: number
  readonly durationMs: number
  readonly by: string
}

/** Every comment of ours begins with it. */
export const MARK = "holyf-network"

const BY_MAX = 32
const plainName = (name: string) => name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, BY_MAX) || "unknown"

/** RFC 3339 in UTC, whole seconds. */
const utc = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

/** The comment of a block: `holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice`. */
export const writeBlockComment = ({ id, startedAt, by }: Pick<BlockRequest, "id" | "startedAt" | "by">): string =>
  `${MARK} block ${id}, made ${utc(startedAt)} by ${plainName(by)}`

/** What a comment of ours says; undefined when it is not ours. */
export function readBlockComment(comment: string): Pick<Block, "id" | "startedAt" | "by"> | undefined {
  const found = /^holyf-network block ([0-9a-f]{8}), made (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) by ([A-Za-z0-9._-]+)/.exec(
    comment,
  )
  if (found === null) return undefined
  const [, id = "", made = "", by = ""] = found
  const startedAt = Date.parse(made)
  return Number.isNaN(startedAt) ? undefined : { id, startedAt, by }
}

/** In the order of the list: by family, address, prefix, port. */
export const compareBlocks = (a: Block, b: Block): number =>
  a.target.family - b.target.family ||
  compareText(sortKey(a.target), sortKey(b.target)) ||
  (a.target.port ?? 0) - (b.target.port ?? 0)

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
/** Numbers of an address padded, so that 10.0.0.9 comes before 10.0.0.10. */
const sortKey = (target: Target) => peerText(target).replace(/[0-9a-f]+/g, (part) => part.padStart(4, "0"))

/**
 * The block that a new one for a network may not cross: the kernel keeps the networks of one family apart, so that each
 * packet belongs to one of them. Hosts lie in sets of their own and cross nothing; the same target is refreshed.
 */
export function findOverlap(target: Target, blocks: readonly Block[]): Block | undefined {
  if (isHost(target)) return undefined
  return blocks.find(
    (block) => !isHost(block.target) && !isSameTarget(block.target, target) && overlaps(block.target, target),
  )
}

export const overlapText = (target: Target, block: Block): string =>
  `${targetText(target)} overlaps the block of ${targetText(block.target)} (${block.id}); lift that one first`

/** The blocks that `target` names: itself, or with `target.port` absent every block of that peer. */
export const blocksOf = (target: Target, blocks: readonly Block[]): readonly Block[] =>
  blocks.filter(
    ({ target: blocked }) =>
      blocked.family === target.family &&
      blocked.address === target.address &&
      blocked.prefixLength === target.prefixLength &&
      (target.port === undefined || target.port === blocked.port),
  )

/** This close to its end a block may be gone, clocks and timers being what they are. */
const NEARLY_OVER_MS = 2_000

/**
 * Blocks that should still be there and are not: another program flushed the ruleset, or somebody lifted them. `known`
 * are those of the last list, `listed` those of this one.
 */
export const lostBlocks = (known: readonly Block[], listed: readonly Block[], now: number): readonly Block[] =>
  known.filter(
    (block) =>
      block.expiresAt - now > NEARLY_OVER_MS && !listed.some(({ target }) => isSameTarget(target, block.target)),
  )

/** When the next one is over; undefined when there is none. */
export const nextExpiry = (blocks: readonly Block[]): number | undefined =>
  blocks.length === 0 ? undefined : Math.min(...blocks.map(({ expiresAt }) => expiresAt))
