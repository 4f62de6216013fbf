/**
 * Rules of nf_tables that drop or reject and count what they did (linux/netfilter/nf_tables.h). Numbers are network
 * order. Rules that `iptables` made are here too, since it writes into the same tables.
 */
import { type Codec, struct, u8, u16be, u32be, u64be, walkAttributes } from "./codec.ts"
import { NLM_F_DUMP, NLM_F_REQUEST, writeRequest } from "./message.ts"

// linux/netfilter/nfnetlink.h, enum nf_tables_msg_types
const NFNL_SUBSYS_NFTABLES = 10
const NFT_MSG_GETRULE = 7

// enum nft_rule_attributes, nft_list_attributes, nft_expr_attributes
const NFTA_RULE_TABLE = 1
const NFTA_RULE_CHAIN = 2
const NFTA_RULE_HANDLE = 3
const NFTA_RULE_EXPRESSIONS = 4
const NFTA_LIST_ELEM = 1
const NFTA_EXPR_NAME = 1
const NFTA_EXPR_DATA = 2

// enum nft_counter_attributes, nft_immediate_attributes, nft_data_attributes, nft_verdict_attributes
const NFTA_COUNTER_PACKETS = 2
const NFTA_IMMEDIATE_DATA = 2
const NFTA_DATA_VERDICT = 2
const NFTA_VERDICT_CODE = 1
/** Of the expression "target", which stands for one of iptables (linux/netfilter/nf_tables_compat.h). */
const NFTA_TARGET_NAME = 1
const NF_DROP = 0

/** struct nfgenmsg. */
const GENERIC_SIZE = 4
const generic = struct(GENERIC_SIZE, { family: [0, u8], version: [1, u8], resource: [2, u16be] })

// linux/netfilter.h, enum of NFPROTO_*
const families: Readonly<Record<number, string>> = { 1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6" }

const decoder = new TextDecoder()
const text = (bytes: Uint8Array) => decoder.decode(bytes).replace(/\0.*$/s, "")

export interface DropRuleMessage {
  readonly family: string
  readonly table: string
  readonly chain: string
  readonly handle: number
  readonly packets: number
}

/** Reads one NFT_MSG_NEWRULE without its netlink header; nothing when the rule lets packets go or does not count. */
export function readDropRule(body: Uint8Array): DropRuleMessage | undefined {
  const { family } = generic.read(body.subarray(0, GENERIC_SIZE), "rule")
  let table = ""
  let chain = ""
  let handle = 0
  let packets: number | undefined
  let drops = false
  for (const [type, value] of walkAttributes(body.subarray(GENERIC_SIZE), "rule")) {
    if (type === NFTA_RULE_TABLE) table = text(value)
    else if (type === NFTA_RULE_CHAIN) chain = text(value)
    else if (type === NFTA_RULE_HANDLE) handle = u64be.read(value, "rule.handle")
    else if (type === NFTA_RULE_EXPRESSIONS)
      for (const [element, expression] of walkAttributes(value, "rule.expressions")) {
        if (element !== NFTA_LIST_ELEM) continue
        const name = text(find(expression, NFTA_EXPR_NAME) ?? new Uint8Array())
        const data = find(expression, NFTA_EXPR_DATA)
        if (data === undefined) continue
        if (name === "counter") packets = number(data, NFTA_COUNTER_PACKETS, u64be)
        else drops ||= isDropping(name, data)
      }
  }
  if (!drops || packets === undefined) return undefined
  return { family: families[family] ?? `family ${family}`, table, chain, handle, packets }
}

function isDropping(name: string, data: Uint8Array): boolean {
  if (name === "reject") return true
  if (name === "target") return /^(DROP|REJECT)$/.test(text(find(data, NFTA_TARGET_NAME) ?? new Uint8Array()))
  if (name !== "immediate") return false
  const value = find(data, NFTA_IMMEDIATE_DATA)
  const verdict = value === undefined ? undefined : find(value, NFTA_DATA_VERDICT)
  return verdict !== undefined && number(verdict, NFTA_VERDICT_CODE, u32be) === NF_DROP
}

function find(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  for (const [type, value] of walkAttributes(bytes, "rule")) if (type === wanted) return value
  return undefined
}

function number(bytes: Uint8Array, wanted: number, codec: Codec<number>): number | undefined {
  const value = find(bytes, wanted)
  return value === undefined ? undefined : codec.read(value, "rule")
}

/** Asks for every rule of every family. As `nft list ruleset`; needs CAP_NET_ADMIN. */
export function writeRuleDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  return writeRequest({
    type: (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    sequence: ask.sequence,
    body: generic.write({ family: 0, version: 0, resource: 0 }),
  })
}
