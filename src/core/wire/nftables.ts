/**
 * nf_tables: tables, chains, sets, elements, rules and their expressions (linux/netfilter/nf_tables.h).
 *
 * Numbers inside are network order. Every change travels in a batch, which is done whole or not at all.
 */
import {
  attributes,
  bytes,
  type Codec,
  concat,
  DecodeError,
  type Infer,
  i32be,
  id64be,
  list,
  struct,
  type Tagged,
  tagged,
  text,
  u8,
  u16be,
  u32be,
  u64be,
} from "./codec.ts"
import {
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  writeRequest,
} from "./message.ts"

// linux/netfilter/nfnetlink.h
const NFNL_SUBSYS_NFTABLES = 10
const NFNL_MSG_BATCH_BEGIN = 0x10
const NFNL_MSG_BATCH_END = 0x11
const NFNL_BATCH_GENID = 1

// linux/netfilter/nf_tables.h, enum nf_tables_msg_types
const messages = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  GETGEN: 16,
} as const

/** Both families at once (linux/netfilter.h, NFPROTO_INET). */
export const NFPROTO_INET = 1

// linux/netfilter.h, enum nf_inet_hooks
export const NF_INET_PRE_ROUTING = 0
export const NF_INET_LOCAL_OUT = 3

// enum nft_registers: a register of 16 bytes, and the same memory in pieces of four
export const NFT_REG_VERDICT = 0
export const NFT_REG_1 = 1
export const NFT_REG_2 = 2
/** The second four bytes of NFT_REG_1. */
export const NFT_REG32_01 = 9

// enum nft_meta_keys, nft_payload_bases, nft_bitwise_ops, nft_cmp_ops, nft_lookup_flags; linux/netfilter.h verdicts
export const NFT_META_NFPROTO = 15
export const NFT_META_L4PROTO = 16
export const NFT_PAYLOAD_NETWORK_HEADER = 1
export const NFT_PAYLOAD_TRANSPORT_HEADER = 2
export const NFT_BITWISE_MASK_XOR = 0
export const NFT_CMP_EQ = 0
export const NFT_CMP_NEQ = 1
export const NFT_LOOKUP_F_INV = 1
export const NF_DROP = 0
export const NF_ACCEPT = 1

// enum nft_set_flags
export const NFT_SET_CONSTANT = 0x2
export const NFT_SET_INTERVAL = 0x4
export const NFT_SET_TIMEOUT = 0x10
export const NFT_SET_CONCAT = 0x80

const NFTA_LIST_ELEM = 1

/** struct nfgenmsg. */
const NFGENMSG_SIZE = 4
const nfgenmsg = struct(NFGENMSG_SIZE, { family: [0, u8], version: [1, u8], resource: [2, u16be] })

// ---- comments ------------------------------------------------------------------------------------------------------

// libnftnl/udata.h: a record is a type, a length and its bytes. Comments are text with a NUL.
const NFTNL_UDATA_COMMENT = 0
const NFTNL_UDATA_SET_KEYBYTEORDER = 0
const NFTNL_UDATA_SET_COMMENT = 7
const UDATA_MAX = 255

/** The records of a user data attribute; one that runs past the end ends the reading, since anybody may write here. */
function readRecords(given: Uint8Array): Map<number, Uint8Array> {
  const records = new Map<number, Uint8Array>()
  for (let at = 0; at + 2 <= given.length; ) {
    const end = at + 2 + given[at + 1]!
    if (end > given.length) break
    records.set(given[at]!, given.subarray(at + 2, end))
    at = end
  }
  return records
}

const writeRecord = (type: number, value: Uint8Array) =>
  concat([Uint8Array.of(type, Math.min(value.length, UDATA_MAX)), value.subarray(0, UDATA_MAX)])

/** User data that holds a comment, as `nft` writes and prints it; empty when it holds none. */
const comment: Codec<string> = {
  read: (given) => text.read(readRecords(given).get(NFTNL_UDATA_COMMENT) ?? new Uint8Array(0)),
  write: (value) => writeRecord(NFTNL_UDATA_COMMENT, text.write(value)),
}

export interface SetNote {
  /** How `nft` is to print the keys: 0 for a key of several fields, 1 host order, 2 network order. */
  readonly keyByteOrder: number
  readonly comment: string
}

const setNote: Codec<SetNote> = {
  read(given) {
    const records = readRecords(given)
    return {
      keyByteOrder: records.get(NFTNL_UDATA_SET_KEYBYTEORDER)?.[0] ?? 0,
      comment: text.read(records.get(NFTNL_UDATA_SET_COMMENT) ?? new Uint8Array(0)),
    }
  },
  write: (value) =>
    concat([
      writeRecord(NFTNL_UDATA_SET_KEYBYTEORDER, Uint8Array.of(value.keyByteOrder, 0, 0, 0)),
      writeRecord(NFTNL_UDATA_SET_COMMENT, text.write(value.comment)),
    ]),
}

// ---- objects -------------------------------------------------------------------------------------------------------

// enum nft_table_attributes
const table = attributes({
  name: [1, text],
  flags: [2, u32be],
  // NFTA_TABLE_USERDATA, Linux 5.10; an older kernel passes over it.
  comment: [6, comment],
})

// enum nft_chain_attributes, nft_hook_attributes
const chain = attributes({
  table: [1, text],
  name: [3, text],
  type: [7, text],
  policy: [5, u32be],
  hook: [4, attributes({ number: [1, u32be], priority: [2, i32be] })],
  // NFTA_CHAIN_USERDATA, Linux 5.10
  comment: [12, comment],
})

// enum nft_set_attributes, nft_set_desc_attributes, nft_set_field_attributes
const set = attributes({
  table: [1, text],
  name: [2, text],
  flags: [3, u32be],
  keyType: [4, u32be],
  keyLength: [5, u32be],
  id: [10, u32be],
  description: [
    9,
    attributes({
      size: [1, u32be],
      // Lengths of the fields of a key; needed for intervals of several fields (Linux 5.6).
      fields: [2, list(NFTA_LIST_ELEM, attributes({ length: [1, u32be] }))],
    }),
  ],
  note: [13, setNote],
})

// enum nft_data_attributes, nft_verdict_attributes
const value = attributes({ value: [1, bytes] })
const verdict = attributes({ code: [1, u32be], chain: [2, text] })
const data = attributes({ value: [1, bytes], verdict: [2, verdict] })

// enum nft_set_elem_attributes; times are milliseconds
const element = attributes({
  flags: [3, u32be],
  timeoutMs: [4, u64be],
  expiresMs: [5, u64be],
  key: [1, value],
  keyEnd: [10, value],
  comment: [6, comment],
})

// enum nft_set_elem_list_attributes
const elements = attributes({
  table: [1, text],
  set: [2, text],
  setId: [4, u32be],
  elements: [3, list(NFTA_LIST_ELEM, element)],
})

/** Expressions by the kernel's own names, each field in the order in which `nft` sends it. */
const expressions = {
  // enum nft_meta_attributes
  meta: attributes({ key: [2, u32be], register: [1, u32be] }),
  // enum nft_payload_attributes
  payload: attributes({ register: [1, u32be], base: [2, u32be], offset: [3, u32be], length: [4, u32be] }),
  // enum nft_bitwise_attributes
  bitwise: attributes({
    source: [1, u32be],
    register: [2, u32be],
    // Linux 5.6; an older kernel knows 0 only, and passes over it.
    operator: [6, u32be],
    length: [3, u32be],
    mask: [4, value],
    xor: [5, value],
  }),
  // enum nft_cmp_attributes
  cmp: attributes({ register: [1, u32be], operator: [2, u32be], data: [3, value] }),
  // enum nft_lookup_attributes
  lookup: attributes({ register: [2, u32be], set: [1, text], setId: [4, u32be], flags: [5, u32be] }),
  // enum nft_counter_attributes
  counter: attributes({ bytes: [1, u64be], packets: [2, u64be] }),
  // enum nft_immediate_attributes
  immediate: attributes({ register: [1, u32be], data: [2, data] }),
} as const

export type Expression = Tagged<typeof expressions>

// enum nft_rule_attributes, nft_expr_attributes
const rule = attributes({
  table: [1, text],
  chain: [2, text],
  handle: [3, id64be],
  expressions: [4, list(NFTA_LIST_ELEM, tagged(1, 2, expressions))],
  comment: [7, comment],
})

// enum nft_gen_attributes
const generation = attributes({ id: [1, u32be] })

export type NftTable = Infer<typeof table>
export type NftChain = Infer<typeof chain>
export type NftSet = Infer<typeof set>
export type NftElement = Infer<typeof element>
export type NftElements = Infer<typeof elements>
export type NftRule = Infer<typeof rule>

/** What the kernel answers, without its netlink header. Each throws `DecodeError`. */
export const readNftTable = (body: Uint8Array): NftTable => table.read(inside(body, "table"), "table")
export const readNftChain = (body: Uint8Array): NftChain => chain.read(inside(body, "chain"), "chain")
export const readNftSet = (body: Uint8Array): NftSet => set.read(inside(body, "set"), "set")
export const readNftElements = (body: Uint8Array): NftElements => elements.read(inside(body, "elements"), "elements")
export const readNftRule = (body: Uint8Array): NftRule => rule.read(inside(body, "rule"), "rule")

/** The number that every change of the ruleset raises, whoever makes it. An element that expires is no change. */
export const readGeneration = (body: Uint8Array): number =>
  generation.read(inside(body, "generation"), "generation").id ?? 0

function inside(body: Uint8Array, path: string): Uint8Array {
  if (body.length < NFGENMSG_SIZE) throw new DecodeError(path, `expected ${NFGENMSG_SIZE} bytes, got ${body.length}`)
  return body.subarray(NFGENMSG_SIZE)
}

// ---- requests ------------------------------------------------------------------------------------------------------

function write(
  type: keyof typeof messages,
  flags: number,
  sequence: number,
  attributeBytes: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const head = nfgenmsg.write({ family: NFPROTO_INET, version: 0, resource: 0 })
  return writeRequest({
    type: (NFNL_SUBSYS_NFTABLES << 8) | messages[type],
    flags: NLM_F_REQUEST | flags,
    sequence,
    body: concat([head, attributeBytes]),
  })
}

type Ask<T = object> = T & { readonly sequence: number }

/** Asks for the generation of the ruleset. Its one answer has no *done*, so the acknowledgement is asked for too. */
export const writeGenerationRequest = ({ sequence }: Ask) => write("GETGEN", NLM_F_ACK, sequence)

/** Asks for one table of family inet; ENOENT when there is none. As `nft list table inet NAME`. */
export const writeTableRequest = ({ sequence, name }: Ask<{ readonly name: string }>) =>
  write("GETTABLE", NLM_F_ACK, sequence, table.write({ name }))

/** These ask for what is in a table; a kernel that knows no such filter sends the whole family's. */
export const writeChainDump = ({ sequence, table: name }: Ask<{ readonly table: string }>) =>
  write("GETCHAIN", NLM_F_DUMP, sequence, chain.write({ table: name }))
export const writeSetDump = ({ sequence, table: name }: Ask<{ readonly table: string }>) =>
  write("GETSET", NLM_F_DUMP, sequence, set.write({ table: name }))
export const writeRuleDump = ({ sequence, table: name }: Ask<{ readonly table: string }>) =>
  write("GETRULE", NLM_F_DUMP, sequence, rule.write({ table: name }))
export const writeElementDump = (ask: Ask<{ readonly table: string; readonly set: string }>) =>
  write("GETSETELEM", NLM_F_DUMP, ask.sequence, elements.write({ table: ask.table, set: ask.set }))

/** One step of a batch. */
export type Change =
  | { readonly add: "table"; readonly value: NftTable }
  | { readonly add: "chain"; readonly value: NftChain }
  | { readonly add: "set"; readonly value: NftSet }
  /** At the end of its chain. */
  | { readonly add: "rule"; readonly value: NftRule }
  /** Refused with EEXIST when an element is there already. */
  | { readonly add: "elements"; readonly value: NftElements }
  /** With all that is in it. */
  | { readonly remove: "table"; readonly value: NftTable }
  | { readonly remove: "chain"; readonly value: NftChain }
  | { readonly remove: "set"; readonly value: NftSet }
  /** By its handle. */
  | { readonly remove: "rule"; readonly value: NftRule }
  | { readonly remove: "elements"; readonly value: NftElements }

function writeChange(change: Change, sequence: number): Uint8Array<ArrayBuffer> {
  const flags = NLM_F_ACK | NLM_F_CREATE
  if ("add" in change) {
    switch (change.add) {
      case "table":
        return write("NEWTABLE", flags, sequence, table.write(change.value))
      case "chain":
        return write("NEWCHAIN", flags, sequence, chain.write(change.value))
      case "set":
        return write("NEWSET", flags, sequence, set.write(change.value))
      case "rule":
        return write("NEWRULE", flags | NLM_F_APPEND, sequence, rule.write(change.value))
      case "elements":
        return write("NEWSETELEM", flags | NLM_F_EXCL, sequence, elements.write(change.value))
    }
  }
  switch (change.remove) {
    case "table":
      return write("DELTABLE", NLM_F_ACK, sequence, table.write(change.value))
    case "chain":
      return write("DELCHAIN", NLM_F_ACK, sequence, chain.write(change.value))
    case "set":
      return write("DELSET", NLM_F_ACK, sequence, set.write(change.value))
    case "rule":
      return write("DELRULE", NLM_F_ACK, sequence, rule.write(change.value))
    case "elements":
      return write("DELSETELEM", NLM_F_ACK, sequence, elements.write(change.value))
  }
}

/**
 * A batch: all changes or none. With `generation` the kernel refuses it (ERESTART) when the ruleset has changed since
 * that number was read. `sequenceOf` numbers the changes by their place; the frame has the places before and after.
 */
export function writeBatch(
  changes: readonly Change[],
  ask: { readonly sequenceOf: (place: number) => number; readonly generation?: number },
): Uint8Array<ArrayBuffer> {
  const frame = (type: number, place: number, inner: Uint8Array) =>
    writeRequest({
      type,
      flags: NLM_F_REQUEST,
      sequence: ask.sequenceOf(place),
      body: concat([nfgenmsg.write({ family: 0, version: 0, resource: NFNL_SUBSYS_NFTABLES }), inner]),
    })
  const expected = attributes({ generation: [NFNL_BATCH_GENID, u32be] })
  const { generation: id } = ask
  return concat([
    frame(NFNL_MSG_BATCH_BEGIN, -1, id === undefined ? new Uint8Array(0) : expected.write({ generation: id })),
    ...changes.map((change, place) => writeChange(change, ask.sequenceOf(place))),
    frame(NFNL_MSG_BATCH_END, changes.length, new Uint8Array(0)),
  ])
}
