/**
 * Blocks as rules of iptables, for hosts whose nf_tables we cannot use.
 *
 * Two protocols in two chains are four rules a block, all with the same comment; a rule is known to be ours by it.
 * iptables knows no time, so the comment says until when.
 */
import { type Block, type BlockRequest, readBlockComment, writeBlockComment } from "./block.ts"
import { parseTarget, peerText } from "./target.ts"

const CHAINS = ["PREROUTING", "OUTPUT"] as const
const PROTOCOLS = ["tcp", "udp"] as const

/** Whole seconds, never sooner than meant. */
const seconds = (at: number) => `${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19)}Z`

/** `holyf-network block 7f3a2c9e, made … by alice, until …`. */
const ruleComment = (request: BlockRequest): string =>
  `${writeBlockComment(request)}, until ${seconds(request.startedAt + request.durationMs)}`

/** The rules of a block, as `iptables-restore` reads them: each is put first in its chain. */
export function blockRules(request: BlockRequest): readonly string[] {
  const { target } = request
  const comment = `-m comment --comment "${ruleComment(request)}" -j DROP`
  return CHAINS.flatMap((chain) =>
    PROTOCOLS.map((protocol) => {
      const isIn = chain === "PREROUTING"
      const peer = isIn ? `-s ${peerText(target)}` : `-d ${peerText(target)}`
      const port = target.port === undefined ? "" : ` -m ${protocol} ${isIn ? "--dport" : "--sport"} ${target.port}`
      // A killed connection may tell its peer so.
      const resets = !isIn && protocol === "tcp" ? " ! --tcp-flags RST RST" : ""
      return `-I ${chain} 1 ${peer} -p ${protocol}${port}${resets} ${comment}`
    }),
  )
}

/** What `iptables-restore --noflush` reads: all of it is done, or nothing. */
export const restoreText = (rules: readonly string[]): string => `*mangle\n${rules.join("\n")}\nCOMMIT\n`

/** A rule of ours as `iptables -t mangle -S` lists it. */
export interface ListedRule {
  /** The line that deletes it. */
  readonly deletion: string
  readonly block: Block
}

/** The rules that carry our mark; a line that says something else than we write is passed over. */
export function readRules(listing: string): readonly ListedRule[] {
  return listing.split("\n").flatMap((line): ListedRule[] => {
    const [, chain, rest = ""] = /^-A (PREROUTING|OUTPUT) (.*)$/.exec(line) ?? []
    const comment = /--comment "([^"]*)"/.exec(rest)?.[1] ?? ""
    const said = readBlockComment(comment)
    const until = Date.parse(/, until (\S+)$/.exec(comment)?.[1] ?? "")
    const peer = (chain === "PREROUTING" ? /(?:^| )-s (\S+)/ : /(?:^| )-d (\S+)/).exec(rest)?.[1]
    const port = (chain === "PREROUTING" ? /--dport (\d+)/ : /--sport (\d+)/).exec(rest)?.[1]
    if (said === undefined || Number.isNaN(until) || peer === undefined || !/-j DROP$/.test(rest)) return []
    const target = parseTarget(peer, port === undefined ? undefined : Number(port))
    if (!target.ok) return []
    const { startedAt } = said
    const block: Block = {
      ...said,
      target: target.value,
      durationMs: until - startedAt,
      expiresAt: until,
      backend: "iptables",
    }
    return [{ deletion: `-D ${chain} ${rest}`, block }]
  })
}

/** One block for its several rules. */
export function blocksOfRules(rules: readonly ListedRule[]): readonly Block[] {
  const byId = new Map<string, Block>()
  for (const { block } of rules) byId.set(`${block.id} ${JSON.stringify(block.target)}`, block)
  return [...byId.values()]
}
