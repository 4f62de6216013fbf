/**
 * Our table in the kernel's ruleset: which sets, chains and rules there are, and how a target becomes an element.
 *
 * One table for both families. Packets are looked at in prerouting before destination NAT, so that a port of this host
 * and a published port of a container are both covered by the port that the peer sees, and in output on their way out.
 * Peers stand in sets whose elements carry a timeout: the kernel lifts a block by itself, whatever becomes of us.
 */
import { formatAddress, parseAddress } from "../wire/address.ts"
import {
  type Change,
  type Expression,
  NF_ACCEPT,
  NF_DROP,
  NF_INET_LOCAL_OUT,
  NF_INET_PRE_ROUTING,
  NFT_BITWISE_MASK_XOR,
  NFT_CMP_EQ,
  NFT_CMP_NEQ,
  NFT_LOOKUP_F_INV,
  NFT_META_L4PROTO,
  NFT_META_NFPROTO,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_PAYLOAD_TRANSPORT_HEADER,
  NFT_REG_1,
  NFT_REG_2,
  NFT_REG_VERDICT,
  NFT_REG32_01,
  NFT_SET_CONCAT,
  NFT_SET_CONSTANT,
  NFT_SET_INTERVAL,
  NFT_SET_TIMEOUT,
  type NftElement,
  type NftRule,
  type NftSet,
} from "../wire/nftables.ts"
import { MARK, readBlockComment } from "./block.ts"
import { addressOf, boundsOf, isHost, PORT_MAX, type Target } from "./target.ts"

export const TABLE = "holyf-network"
export const TABLE_COMMENT = `${MARK}: temporary blocks of peers; each is lifted when its time is over`

/** After connection tracking (-200), before destination NAT (-100): linux/netfilter_ipv4.h. */
const PRIORITY = -150

export const isOurs = (comment: string | undefined): boolean => comment?.startsWith(MARK) === true

// ---- sets ----------------------------------------------------------------------------------------------------------

// nft's own numbers of the types of keys (nftables, include/datatype.h), for printing; a key of two fields has both.
const TYPE_IPADDR = 7
const TYPE_IP6ADDR = 8
const TYPE_INET_PROTOCOL = 12
const TYPE_INET_SERVICE = 13
const then = (first: number, second: number) => (first << 6) | second
/** How nft prints a key of one field: in network order, and one byte in host order. */
const ORDER_OF_FIELDS = 0
const ORDER_NETWORK = 2

/** Fields of a key are padded to four bytes each. */
const PORT_FIELD = 4

interface SetPlan {
  readonly name: string
  readonly family: 4 | 6
  /** `peer` holds hosts, `peer-port` hosts with a port, `network` networks with a range of ports. */
  readonly kind: "peer" | "peer-port" | "network"
  readonly comment: string
}

/** Blocks of networks are made only when the first is asked for: they need Linux 5.6. */
export type Part = "hosts" | "networks"
export const partOf = (target: Target): Part => (isHost(target) ? "hosts" : "networks")
const partOfSet = ({ kind }: SetPlan): Part => (kind === "network" ? "networks" : "hosts")

export const setPlans: readonly SetPlan[] = ([4, 6] as const).flatMap((family): SetPlan[] => [
  { name: `peer${family}`, family, kind: "peer", comment: `${MARK}: IPv${family} peers kept from every port` },
  {
    name: `peer_port${family}`,
    family,
    kind: "peer-port",
    comment: `${MARK}: IPv${family} peers kept from one port of this host`,
  },
  {
    name: `network_port${family}`,
    family,
    kind: "network",
    comment: `${MARK}: IPv${family} networks kept from one port of this host, or from every port`,
  },
])

const PROTOCOLS = "protocols"

export const setOf = (target: Target): SetPlan =>
  setPlans.find(
    ({ family, kind }) =>
      family === target.family &&
      kind === (isHost(target) ? (target.port === undefined ? "peer" : "peer-port") : "network"),
  )!

function setValue({ name, family, kind, comment }: SetPlan, id: number): NftSet {
  const address = family === 4 ? { type: TYPE_IPADDR, length: 4 } : { type: TYPE_IP6ADDR, length: 16 }
  const isNetwork = kind === "network"
  const isAlone = kind === "peer"
  return {
    table: TABLE,
    name,
    flags: NFT_SET_TIMEOUT | (isNetwork ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0),
    keyType: isAlone ? address.type : then(address.type, TYPE_INET_SERVICE),
    keyLength: isAlone ? address.length : address.length + PORT_FIELD,
    id,
    ...(isNetwork && { description: { fields: [{ length: address.length }, { length: 2 }] } }),
    note: { keyByteOrder: isAlone ? ORDER_NETWORK : ORDER_OF_FIELDS, comment },
  }
}

// linux/in.h
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17

const protocolSet = (id: number): readonly Change[] => [
  {
    add: "set",
    value: {
      table: TABLE,
      name: PROTOCOLS,
      flags: NFT_SET_CONSTANT,
      keyType: TYPE_INET_PROTOCOL,
      keyLength: 1,
      id,
      description: { size: 2 },
      note: { keyByteOrder: ORDER_OF_FIELDS, comment: `${MARK}: the protocols that blocks are about` },
    },
  },
  {
    add: "elements",
    value: {
      table: TABLE,
      set: PROTOCOLS,
      setId: id,
      elements: [IPPROTO_TCP, IPPROTO_UDP].map((number) => ({ key: { value: Uint8Array.of(number) } })),
    },
  },
]

// ---- elements ------------------------------------------------------------------------------------------------------

const key = (address: Uint8Array, port: number): Uint8Array => Uint8Array.of(...address, port >> 8, port & 0xff, 0, 0)

/** The key of a target in its set, without times and comment. */
export function elementKey(target: Target): Pick<NftElement, "key" | "keyEnd"> {
  const { kind } = setOf(target)
  if (kind === "peer") return { key: { value: addressOf(target) } }
  if (kind === "peer-port") return { key: { value: key(addressOf(target), target.port!) } }
  const { first, last } = boundsOf(target)
  return {
    key: { value: key(first, target.port ?? 0) },
    keyEnd: { value: key(last, target.port ?? PORT_MAX) },
  }
}

/** The target of an element; undefined when its key is none of ours, such as a range that is no network. */
export function elementTarget({ family, kind }: SetPlan, element: NftElement): Target | undefined {
  const first = element.key?.value
  const length = family === 4 ? 4 : 16
  if (first === undefined || first.length !== (kind === "peer" ? length : length + PORT_FIELD)) return undefined
  const whole = length * 8
  const base = { family, address: formatAddress(first.subarray(0, length)) }
  // A mapped address in an IPv6 set would be written as IPv4: no packet has it.
  if (parseAddress(base.address)?.length !== length) return undefined
  if (kind === "peer") return { ...base, prefixLength: whole }
  const port = portAt(first, length)
  if (kind === "peer-port") return { ...base, prefixLength: whole, port }
  const last = element.keyEnd?.value
  if (last === undefined || last.length !== first.length) return undefined
  const prefixLength = commonBits(first.subarray(0, length), last.subarray(0, length))
  const target: Target = { ...base, prefixLength, ...(portAt(last, length) === port && { port }) }
  const expected = elementKey(target)
  const isNetwork = isEqual(expected.key?.value, first) && isEqual(expected.keyEnd?.value, last)
  return isNetwork && !isHost(target) ? target : undefined
}

const portAt = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!

const isEqual = (a: Uint8Array | undefined, b: Uint8Array) =>
  a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at])

function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let bit = 0; bit < a.length * 8; bit++)
    if (((a[bit >> 3]! ^ b[bit >> 3]!) & (0x80 >> (bit & 7))) !== 0) return bit
  return a.length * 8
}

/** A block as an element says it; undefined when it is not ours. */
export function readBlockElement(set: SetPlan, element: NftElement) {
  const said = readBlockComment(element.comment ?? "")
  const target = elementTarget(set, element)
  if (said === undefined || target === undefined) return undefined
  const durationMs = element.timeoutMs ?? 0
  return { ...said, target, durationMs, expiresMs: element.expiresMs ?? durationMs }
}

// ---- chains and rules ----------------------------------------------------------------------------------------------

interface ChainPlan {
  readonly name: string
  readonly hook: number
  readonly comment: string
  /** Where the peer's address stands in the IPv4 and in the IPv6 header, and this host's port in the one behind it. */
  readonly addressOffset: { readonly 4: number; readonly 6: number }
  readonly portOffset: number
}

export const chainPlans: readonly ChainPlan[] = [
  {
    name: "incoming",
    hook: NF_INET_PRE_ROUTING,
    comment: `${MARK}: what listed peers send, before destination NAT`,
    addressOffset: { 4: 12, 6: 8 },
    portOffset: 2,
  },
  {
    name: "outgoing",
    hook: NF_INET_LOCAL_OUT,
    comment: `${MARK}: what this host sends to listed peers`,
    addressOffset: { 4: 16, 6: 24 },
    portOffset: 0,
  },
]

// linux/netfilter.h, NFPROTO_IPV4 and NFPROTO_IPV6
const NFPROTO = { 4: 2, 6: 10 } as const

const meta = (which: number): Expression => ({ name: "meta", data: { key: which, register: NFT_REG_1 } })
const compare = (operator: number, ...bytes: number[]): Expression => ({
  name: "cmp",
  data: { register: NFT_REG_1, operator, data: { value: Uint8Array.from(bytes) } },
})
const payload = (register: number, base: number, offset: number, length: number): Expression => ({
  name: "payload",
  data: { register, base, offset, length },
})
const lookup = (set: string, flags?: number): Expression => ({
  name: "lookup",
  data: { register: NFT_REG_1, set, ...(flags !== undefined && { flags }) },
})
const verdict = (code: number): Expression => ({
  name: "immediate",
  data: { register: NFT_REG_VERDICT, data: { verdict: { code } } },
})

interface RulePlan {
  readonly part: Part
  readonly comment: string
  readonly expressions: readonly Expression[]
}

/** Where the reset flag stands in a TCP header. */
const TCP_FLAGS_OFFSET = 13
const TCP_RST = 0x04

/** meta l4proto != @protocols accept */
const otherProtocols: RulePlan = {
  part: "hosts",
  comment: `${MARK}: blocks are about TCP and UDP only`,
  expressions: [meta(NFT_META_L4PROTO), lookup(PROTOCOLS, NFT_LOOKUP_F_INV), verdict(NF_ACCEPT)],
}

/** tcp flags rst accept. Without it the peer of a killed connection would believe in it until its own timeout. */
const resets: RulePlan = {
  part: "hosts",
  comment: `${MARK}: a killed connection may tell its peer so`,
  expressions: [
    meta(NFT_META_L4PROTO),
    compare(NFT_CMP_EQ, IPPROTO_TCP),
    payload(NFT_REG_1, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_OFFSET, 1),
    {
      name: "bitwise",
      data: {
        source: NFT_REG_1,
        register: NFT_REG_1,
        operator: NFT_BITWISE_MASK_XOR,
        length: 1,
        mask: { value: Uint8Array.of(TCP_RST) },
        xor: { value: Uint8Array.of(0) },
      },
    },
    compare(NFT_CMP_NEQ, 0),
    verdict(NF_ACCEPT),
  ],
}

const kindWords = {
  peer: "listed peers, every port",
  "peer-port": "listed peers, their port",
  network: "listed networks",
} as const

/** ip saddr . th dport @peer_port4 counter drop; the test of the family comes first, since the table is of both. */
function dropRule(chain: ChainPlan, set: SetPlan): RulePlan {
  const length = set.family === 4 ? 4 : 16
  // A key of two fields lies in registers one behind the other.
  const portRegister = set.family === 4 ? NFT_REG32_01 : NFT_REG_2
  return {
    part: partOfSet(set),
    comment: `${MARK}: ${kindWords[set.kind]}, IPv${set.family}`,
    expressions: [
      meta(NFT_META_NFPROTO),
      compare(NFT_CMP_EQ, NFPROTO[set.family]),
      payload(NFT_REG_1, NFT_PAYLOAD_NETWORK_HEADER, chain.addressOffset[set.family], length),
      ...(set.kind === "peer" ? [] : [payload(portRegister, NFT_PAYLOAD_TRANSPORT_HEADER, chain.portOffset, 2)]),
      lookup(set.name),
      { name: "counter", data: {} },
      verdict(NF_DROP),
    ],
  }
}

const rulesOf = (chain: ChainPlan): readonly RulePlan[] => [
  otherProtocols,
  ...(chain.hook === NF_INET_LOCAL_OUT ? [resets] : []),
  ...setPlans.map((set) => dropRule(chain, set)),
]

// ---- what is there, and what is missing ----------------------------------------------------------------------------

/** Our table as it is found. */
export interface Found {
  readonly chains: readonly { readonly name: string; readonly comment: string }[]
  readonly sets: readonly { readonly name: string; readonly comment: string }[]
  readonly rules: readonly { readonly chain: string; readonly handle: bigint; readonly comment: string }[]
  /** Elements in our sets that are not blocks of ours, by set. */
  readonly strangers: ReadonlyMap<string, number>
}

/** The changes that make the parts whole. Nothing when they are. A chain whose rules are not all there is filled anew. */
export function changesToComplete(found: Found | undefined, parts: readonly Part[]): readonly Change[] {
  const changes: Change[] = []
  if (found === undefined) changes.push({ add: "table", value: { name: TABLE, flags: 0, comment: TABLE_COMMENT } })
  const hasSet = (name: string) => found?.sets.some((set) => set.name === name) === true
  let id = 0
  for (const set of setPlans)
    if (parts.includes(partOfSet(set)) && !hasSet(set.name)) changes.push({ add: "set", value: setValue(set, ++id) })
  if (!hasSet(PROTOCOLS)) changes.push(...protocolSet(++id))
  for (const chain of chainPlans) {
    if (found?.chains.some(({ name }) => name === chain.name) !== true)
      changes.push({
        add: "chain",
        value: {
          table: TABLE,
          name: chain.name,
          type: "filter",
          policy: NF_ACCEPT,
          hook: { number: chain.hook, priority: PRIORITY },
          comment: chain.comment,
        },
      })
    changes.push(...ruleChanges(chain, found, parts))
  }
  return changes
}

function ruleChanges(chain: ChainPlan, found: Found | undefined, parts: readonly Part[]): readonly Change[] {
  const present = (found?.rules ?? []).filter((rule) => rule.chain === chain.name && isOurs(rule.comment))
  const comments = present.map(({ comment }) => comment)
  // Parts that are there stay, even when only the other one is asked for now.
  const wanted = rulesOf(chain).filter(({ part, comment }) => parts.includes(part) || comments.includes(comment))
  const isWhole = comments.join("\n") === wanted.map(({ comment }) => comment).join("\n")
  if (isWhole) return []
  return [
    ...present.map(({ handle }): Change => ({ remove: "rule", value: { table: TABLE, chain: chain.name, handle } })),
    ...wanted.map(({ comment, expressions }): Change => {
      const value: NftRule = { table: TABLE, chain: chain.name, expressions, comment }
      return { add: "rule", value }
    }),
  ]
}

/** The changes that remove all that is ours, and no more: what somebody else put into the table stays, and so does it. */
export function changesToRemove(found: Found): readonly Change[] {
  const foreignRules = found.rules.filter(({ comment }) => !isOurs(comment))
  const isOurChain = (name: string) => chainPlans.some((chain) => chain.name === name)
  const foreignChains = found.chains.filter(({ name }) => !isOurChain(name))
  const foreignSets = found.sets.filter(({ comment }) => !isOurs(comment))
  const strangers = [...found.strangers.values()].some((count) => count > 0)
  if (foreignRules.length + foreignChains.length + foreignSets.length === 0 && !strangers)
    return [{ remove: "table", value: { name: TABLE } }]
  // A set that a rule of somebody else may use cannot go; nor can one with an element of theirs.
  const isInUse = foreignRules.length > 0
  return [
    ...found.rules
      .filter(({ comment }) => isOurs(comment))
      .map(({ chain, handle }): Change => ({ remove: "rule", value: { table: TABLE, chain, handle } })),
    ...found.chains
      .filter(({ name }) => isOurChain(name) && !foreignRules.some((rule) => rule.chain === name) && !isInUse)
      .map(({ name }): Change => ({ remove: "chain", value: { table: TABLE, name } })),
    ...found.sets
      .filter(({ name, comment }) => isOurs(comment) && !isInUse && (found.strangers.get(name) ?? 0) === 0)
      .map(({ name }): Change => ({ remove: "set", value: { table: TABLE, name } })),
  ]
}
