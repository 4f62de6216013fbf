/**
 * Blocks in the kernel's ruleset: place one, list them, lift one or all.
 *
 * Every change is made against the ruleset as it was read: the batch carries its generation, the kernel refuses it when
 * anybody changed anything meanwhile, and then we read again. So two programs at once never undo one another's work.
 * Nothing is made before the first block, the last one that is lifted takes the table with it, and what does not carry
 * our mark is never touched.
 */
import { errnoName } from "../../../ffi/libc.ts"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import {
  type Block,
  type BlockRequest,
  blocksOf,
  compareBlocks,
  findOverlap,
  overlapText,
  writeBlockComment,
} from "../../core/mitigation/block.ts"
import {
  changesToComplete,
  changesToRemove,
  elementKey,
  type Found,
  isOurs,
  partOf,
  readBlockElement,
  setOf,
  setPlans,
  TABLE,
} from "../../core/mitigation/ruleset.ts"
import { isSameTarget, type Target, targetText } from "../../core/mitigation/target.ts"
import { DecodeError } from "../../core/wire/codec.ts"
import { NETLINK_NETFILTER } from "../../core/wire/conntrack.ts"
import { bodyAt } from "../../core/wire/inet-diag.ts"
import {
  type Change,
  type NftElement,
  readGeneration,
  readNftChain,
  readNftElements,
  readNftRule,
  readNftSet,
  readNftTable,
  writeBatch,
  writeChainDump,
  writeElementDump,
  writeGenerationRequest,
  writeRuleDump,
  writeSetDump,
  writeTableRequest,
} from "../../core/wire/nftables.ts"
import { Conversation, KernelError } from "./netlink.ts"

export interface FirewallPlace {
  /** The network namespace; absent: ours. */
  readonly namespace?: NamespacePlace
}

/** What an operator can do about an answer of nf_tables. */
const advice: Readonly<Record<string, string>> = {
  EPERM: "the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.",
  EACCES: "the kernel refused (EACCES). Run with sudo, or give CAP_NET_ADMIN.",
  // nfnetlink answers these for a part of it that is not there.
  EINVAL: "the kernel's nf_tables does not answer (EINVAL). Run: modprobe nf_tables",
  EOPNOTSUPP: "this kernel's nf_tables cannot do that (EOPNOTSUPP). Run: modprobe nf_tables",
  EPROTONOSUPPORT: "the kernel has no nfnetlink (EPROTONOSUPPORT). Run: modprobe nf_tables",
}

const advised = (error: unknown): unknown => {
  if (!(error instanceof KernelError)) return error
  const sentence = advice[error.answer]
  return sentence === undefined ? error : new KernelError(error.operation, sentence)
}

/** The ruleset of one namespace as far as it concerns us, all of one generation. */
interface Ruleset {
  readonly generation: number
  /** Absent: there is no table of our name. */
  readonly found?: Found
  /** A table of our name that somebody else made. */
  readonly isForeign: boolean
  readonly blocks: readonly Block[]
}

/** Somebody else may be changing the ruleset without a pause. */
const TRIES_MAX = 24
const RETRY_MS = 3

/** linux/errno.h: the batch was made for another generation. It has no name outside the kernel. */
const ERESTART = 85

/** Answers of the kernel after which the ruleset is read again: it changed, or an element expired in between. */
const CHANGED = new Set([errnoName(ERESTART), "EEXIST", "ENOENT", "EINTR", "EBUSY", "EAGAIN"])

export interface BlockList {
  readonly blocks: readonly Block[]
  /** Raised by every change of the ruleset, whoever makes it. */
  readonly generation: number
  /** Elements that others put into our sets: shown to nobody, lifted by nobody, but counted. */
  readonly strangerCount: number
}

/** The blocks of this namespace, whoever made them with this program. Throws `KernelError`. */
export async function listBlocks({ namespace }: FirewallPlace = {}): Promise<BlockList> {
  return withConversation("list blocks", namespace, async (conversation) => {
    const { found, isForeign, blocks, generation } = await readRuleset(conversation)
    const strangerCount = isForeign ? 0 : [...(found?.strangers.values() ?? [])].reduce((sum, n) => sum + n, 0)
    return { blocks, generation, strangerCount }
  })
}

export interface Blocked {
  readonly block: Block
  /** The block of the same target that this one took the place of. */
  readonly replaced?: Block
}

/**
 * Places a block, or gives one that is there its new time. Throws `KernelError`: with the other block's name when
 * networks overlap, and with what to do when the kernel refuses.
 */
export async function blockPeer(request: BlockRequest, place: FirewallPlace = {}): Promise<Blocked> {
  const operation = `block ${targetText(request.target)}`
  return change(operation, place, (ruleset) => {
    const { target } = request
    const overlapping = findOverlap(target, ruleset.blocks)
    if (overlapping !== undefined) throw new KernelError(operation, overlapText(target, overlapping))
    const replaced = ruleset.blocks.find((block) => isSameTarget(block.target, target))
    const set = setOf(target).name
    const value = (element: NftElement) => ({ table: TABLE, set, elements: [element] })
    const changes: Change[] = [...changesToComplete(ruleset.found, [partOf(target), "hosts"])]
    // An element keeps its time when it is added again (Linux before 6.12), so it goes and comes in one batch.
    if (replaced !== undefined) changes.push({ remove: "elements", value: value(elementKey(target)) })
    changes.push({
      add: "elements",
      value: value({ ...elementKey(target), timeoutMs: request.durationMs, comment: writeBlockComment(request) }),
    })
    const block: Block = { ...request, expiresAt: request.startedAt + request.durationMs, backend: "kernel" }
    return { changes, result: { block, ...(replaced !== undefined && { replaced }) } }
  })
}

/**
 * Lifts the block of a target, or with no port in it every block of that peer. Answers what was lifted; nothing when
 * there was nothing. Throws `KernelError`.
 */
export async function unblockPeer(target: Target, place: FirewallPlace = {}): Promise<readonly Block[]> {
  return lift(`unblock ${targetText(target)}`, place, (blocks) => blocksOf(target, blocks))
}

/** Lifts every block that carries our mark. Throws `KernelError`. */
export const unblockAll = (place: FirewallPlace = {}): Promise<readonly Block[]> =>
  lift("lift all blocks", place, (blocks) => blocks)

/** Removes what is left of our table when no block is in it any more: the kernel lifts blocks, not the table. */
export async function tidyFirewall(place: FirewallPlace = {}): Promise<void> {
  await lift("remove the empty table of blocks", place, () => [])
}

function lift(
  operation: string,
  place: FirewallPlace,
  choose: (blocks: readonly Block[]) => readonly Block[],
): Promise<readonly Block[]> {
  return change(operation, place, (ruleset) => {
    const chosen = choose(ruleset.blocks)
    if (ruleset.found === undefined) return { changes: [], result: chosen }
    const isLast = chosen.length === ruleset.blocks.length
    const elements = chosen.map(
      ({ target }): Change => ({
        remove: "elements",
        value: { table: TABLE, set: setOf(target).name, elements: [elementKey(target)] },
      }),
    )
    return { changes: isLast ? [...elements, ...changesToRemove(ruleset.found)] : elements, result: chosen }
  })
}

/** Reads, decides, writes; again from the start when the ruleset changed in between. */
async function change<T>(
  operation: string,
  { namespace }: FirewallPlace,
  decide: (ruleset: Ruleset) => { readonly changes: readonly Change[]; readonly result: T },
): Promise<T> {
  return withConversation(operation, namespace, async (conversation) => {
    for (let tries = 1; ; tries++) {
      const ruleset = await readRuleset(conversation)
      if (ruleset.isForeign) throw new KernelError(operation, foreignText)
      const { changes, result } = decide(ruleset)
      if (changes.length === 0) return result
      const refusal = write(conversation, operation, changes, ruleset.generation)
      if (refusal === undefined) return result
      if (!CHANGED.has(refusal.answer) || tries === TRIES_MAX) throw refusal
      // By chance, so that two programs do not wait in step.
      await Bun.sleep(RETRY_MS * tries * (0.5 + Math.random()))
    }
  })
}

const foreignText =
  `table inet ${TABLE} exists and does not carry our mark, so somebody else made it; it is left alone. ` +
  `Look at it with: nft list table inet ${TABLE}`

/** Writes a batch; answers the refusal, the first that is not just the consequence of another. */
function write(
  conversation: Conversation,
  operation: string,
  changes: readonly Change[],
  generation: number,
): KernelError | undefined {
  try {
    const answers = conversation.exchange(operation, changes.length, (sequenceOf) =>
      writeBatch(changes, { sequenceOf, generation }),
    )
    const refused = answers.find(({ errno }) => errno !== 0)
    return refused === undefined ? undefined : new KernelError(operation, errnoName(refused.errno), refused.text)
  } catch (error) {
    if (error instanceof KernelError) return error
    throw error
  }
}

async function withConversation<T>(
  operation: string,
  namespace: NamespacePlace | undefined,
  act: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  try {
    using conversation = Conversation.open(NETLINK_NETFILTER, undefined, namespace)
    return await act(conversation)
  } catch (error) {
    const told = advised(error)
    // Operators asked for the block, not for the step of it that failed.
    throw told instanceof KernelError && told.operation !== operation ? new KernelError(operation, told.answer) : told
  }
}

/** Reads until two looks at the generation agree around it. */
async function readRuleset(conversation: Conversation): Promise<Ruleset> {
  for (let tries = 1; ; tries++) {
    const generation = await readGenerationOf(conversation)
    const ruleset = await readContents(conversation, generation)
    if (ruleset !== undefined && (await readGenerationOf(conversation)) === generation) return ruleset
    if (tries === TRIES_MAX)
      throw new KernelError("read the ruleset", "it changes faster than it can be read. Try again")
    await Bun.sleep(RETRY_MS)
  }
}

async function readGenerationOf(conversation: Conversation): Promise<number> {
  let generation = 0
  await conversation.dump(
    "read the generation of the ruleset",
    (sequence) => writeGenerationRequest({ sequence }),
    (data, at, end) => {
      generation = decode(() => readGeneration(data.bytes.subarray(bodyAt(at), end)))
    },
  )
  return generation
}

/** The generation of the ruleset: cheap to ask, to notice that somebody changed it. Throws `KernelError`. */
export const readRulesetGeneration = ({ namespace }: FirewallPlace = {}): Promise<number> =>
  withConversation("read the ruleset", namespace, readGenerationOf)

/** Undefined when it changed while it was read. */
async function readContents(conversation: Conversation, generation: number): Promise<Ruleset | undefined> {
  const none = { generation, isForeign: false, blocks: [] }
  const tableComment = await readTableComment(conversation)
  if (tableComment === undefined) return none
  const rows = <T>(write: (sequence: number) => Uint8Array, read: (body: Uint8Array) => T) =>
    dump(conversation, write, read)
  try {
    const ask = { table: TABLE }
    const chains = await rows((sequence) => writeChainDump({ ...ask, sequence }), readNftChain)
    const sets = await rows((sequence) => writeSetDump({ ...ask, sequence }), readNftSet)
    const rules = await rows((sequence) => writeRuleDump({ ...ask, sequence }), readNftRule)
    const ours = <T extends { readonly table?: string }>(all: readonly T[]) =>
      all.filter(({ table }) => table === TABLE)
    const ourSets = ours(sets).map(({ name = "", note }) => ({ name, comment: note?.comment ?? "" }))
    const isForeign = !isOurs(tableComment) && !ourSets.some(({ comment }) => isOurs(comment))
    if (isForeign) return { ...none, isForeign }

    const blocks: Block[] = []
    const strangers = new Map<string, number>()
    for (const set of setPlans) {
      if (!ourSets.some(({ name, comment }) => name === set.name && isOurs(comment))) continue
      const now = Date.now()
      const found = await rows(
        (sequence) => writeElementDump({ ...ask, set: set.name, sequence }),
        (body) => readNftElements(body).elements ?? [],
      )
      for (const element of found.flat()) {
        const block = readBlockElement(set, element)
        if (block === undefined) strangers.set(set.name, (strangers.get(set.name) ?? 0) + 1)
        else {
          const { expiresMs, ...rest } = block
          blocks.push({ ...rest, expiresAt: now + expiresMs, backend: "kernel" })
        }
      }
    }
    return {
      generation,
      isForeign: false,
      blocks: blocks.sort(compareBlocks),
      found: {
        chains: ours(chains).map(({ name = "", comment = "" }) => ({ name, comment })),
        sets: ourSets,
        rules: ours(rules).map(({ chain = "", handle = 0n, comment = "" }) => ({ chain, handle, comment })),
        strangers,
      },
    }
  } catch (error) {
    // Gone between two requests.
    if (error instanceof KernelError && error.answer === "ENOENT") return undefined
    throw error
  }
}

/** Undefined when there is no table of our name; empty when it has no comment. */
async function readTableComment(conversation: Conversation): Promise<string | undefined> {
  try {
    const [table] = await dump(conversation, (sequence) => writeTableRequest({ name: TABLE, sequence }), readNftTable)
    return table?.comment ?? ""
  } catch (error) {
    if (error instanceof KernelError && error.answer === "ENOENT") return undefined
    throw error
  }
}

const READ = "read the ruleset"

async function dump<T>(
  conversation: Conversation,
  write: (sequence: number) => Uint8Array,
  read: (body: Uint8Array) => T,
): Promise<T[]> {
  const rows: T[] = []
  await conversation.dump(READ, write, (data, at, end) => {
    rows.push(decode(() => read(data.bytes.subarray(bodyAt(at), end))))
  })
  return rows
}

/** These answers are few and each matters, so one that cannot be read fails the whole request. */
function decode<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DecodeError ? new KernelError(READ, error.message) : error
  }
}
