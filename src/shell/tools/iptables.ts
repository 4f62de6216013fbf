/**
 * Blocks by iptables and ip6tables, where the kernel's nf_tables cannot be used. The weaker mode: nothing in the kernel
 * lifts them, so a guardian does (see `guardian.ts`).
 *
 * mangle PREROUTING lies before destination NAT, so published ports of containers are covered. Only rules with our
 * comment are listed and removed.
 */
import { readFileSync, realpathSync } from "node:fs"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { type Block, type BlockRequest, blocksOf, compareBlocks } from "../../core/mitigation/block.ts"
import {
  blockRules,
  blocksOfRules,
  type ListedRule,
  readRules,
  restoreText,
} from "../../core/mitigation/iptables-rules.ts"
import { isSameTarget, type Target, targetText } from "../../core/mitigation/target.ts"
import { findProgram, firstLine, runTool, ToolError } from "./run.ts"

export interface IptablesPlace {
  readonly namespace?: NamespacePlace
}

const names = { 4: "iptables", 6: "ip6tables" } as const
const families = [4, 6] as const

/** Seconds to wait for another program that holds the lock of the rules. */
const LOCK_WAIT = ["-w", "2"] as const

export const hasIptables = (): boolean => findProgram(names[4]) !== undefined

/** Blocks made by iptables. A family without its program has none. Throws `ToolError`. */
export async function listIptablesBlocks(place: IptablesPlace = {}): Promise<readonly Block[]> {
  const rules = await Promise.all(families.map((family) => listRules(family, place)))
  return [...blocksOfRules(rules.flat())].sort(compareBlocks)
}

async function listRules(family: 4 | 6, { namespace }: IptablesPlace): Promise<readonly ListedRule[]> {
  const program = names[family]
  if (findProgram(program) === undefined || isUnused(program, namespace)) return []
  const operation = "list blocks"
  const answer = await runTool({
    operation,
    program,
    args: [...LOCK_WAIT, "-t", "mangle", "-S"],
    ...(namespace !== undefined && { namespace }),
  })
  if (answer.exitCode !== 0) throw new ToolError(operation, `${program}: ${firstLine(answer)}`)
  return readRules(answer.stdout)
}

/**
 * The older iptables makes the table of the kernel by looking at it; looking must change nothing, so it is asked only
 * where the kernel says that the table is there.
 */
function isUnused(program: string, namespace: NamespacePlace | undefined): boolean {
  if (namespace !== undefined) return false
  try {
    if (!realpathSync(findProgram(program)!).includes("legacy")) return false
    const list = program === names[4] ? "ip_tables_names" : "ip6_tables_names"
    return !readFileSync(`/proc/self/net/${list}`, "utf8").split("\n").includes("mangle")
  } catch {
    return true
  }
}

/** The rules changed between list and change: read again. */
const TRIES_MAX = 5

/** Places a block or gives one that is there its new time. Throws `ToolError`. */
export async function blockByIptables(
  request: BlockRequest,
  place: IptablesPlace = {},
): Promise<{ readonly block: Block; readonly replaced?: Block }> {
  const { target } = request
  const before = await change(`block ${targetText(target)}`, target.family, place, (rules) => {
    const same = rules.filter(({ block }) => isSameTarget(block.target, target))
    return { rules: [...same.map(({ deletion }) => deletion), ...blockRules(request)], result: same[0]?.block }
  })
  const block: Block = { ...request, expiresAt: request.startedAt + request.durationMs, backend: "iptables" }
  return { block, ...(before !== undefined && { replaced: before }) }
}

/** Lifts the blocks that `choose` picks. Answers them. Throws `ToolError`. */
async function lift(
  operation: string,
  place: IptablesPlace,
  choose: (blocks: readonly Block[]) => readonly Block[],
): Promise<readonly Block[]> {
  const lifted: Block[] = []
  for (const family of families) {
    if (findProgram(names[family]) === undefined) continue
    lifted.push(
      ...(await change(operation, family, place, (rules) => {
        const chosen = choose(blocksOfRules(rules))
        const isChosen = ({ block }: ListedRule) =>
          chosen.some(({ id, target }) => id === block.id && isSameTarget(target, block.target))
        return { rules: rules.filter(isChosen).map(({ deletion }) => deletion), result: chosen }
      })),
    )
  }
  return lifted
}

export const unblockByIptables = (target: Target, place: IptablesPlace = {}): Promise<readonly Block[]> =>
  lift(`unblock ${targetText(target)}`, place, (blocks) => blocksOf(target, blocks))

export const unblockAllByIptables = (place: IptablesPlace = {}): Promise<readonly Block[]> =>
  lift("lift all blocks", place, (blocks) => blocks)

/** Lifts those whose time is over. */
export const liftExpired = (now: number, place: IptablesPlace = {}): Promise<readonly Block[]> =>
  lift("lift blocks whose time is over", place, (blocks) => blocks.filter(({ expiresAt }) => expiresAt <= now))

/** Rules are changed all at once or not at all; when another program was faster, what is there is read again. */
async function change<T>(
  operation: string,
  family: 4 | 6,
  place: IptablesPlace,
  decide: (rules: readonly ListedRule[]) => { readonly rules: readonly string[]; readonly result: T },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const { rules, result } = decide(await listRules(family, place))
    if (rules.length === 0) return result
    const program = `${names[family]}-restore`
    const answer = await runTool({
      operation,
      program,
      args: [...LOCK_WAIT, "--noflush"],
      input: restoreText(rules),
      ...(place.namespace !== undefined && { namespace: place.namespace }),
    })
    if (answer.exitCode === 0) return result
    if (tries === TRIES_MAX) throw new ToolError(operation, `${program}: ${firstLine(answer)}`)
    await Bun.sleep(20 * tries)
  }
}
