import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import fc from "fast-check"
import { changesToComplete, elementKey, TABLE } from "../../../src/core/mitigation/ruleset.ts"
import type { Target } from "../../../src/core/mitigation/target.ts"
import { parseTarget } from "../../../src/core/mitigation/target.ts"
import { DecodeError } from "../../../src/core/wire/codec.ts"
import {
  type Change,
  type NftRule,
  readNftElements,
  readNftRule,
  readNftSet,
  readNftTable,
  writeBatch,
} from "../../../src/core/wire/nftables.ts"

const HEADER = 16
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const sequenceOf = (place: number) => place + 1

/** The messages of a batch, without its frame, each without its netlink header. */
function bodies(changes: readonly Change[]): Uint8Array[] {
  const bytes = writeBatch(changes, { sequenceOf, generation: 7 })
  const view = new DataView(bytes.buffer)
  const messages: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += (view.getUint32(at, true) + 3) & ~3)
    messages.push(bytes.subarray(at + HEADER, at + view.getUint32(at, true)))
  return messages.slice(1, -1)
}

const everything = changesToComplete(undefined, ["hosts", "networks"])
const ourRules = everything.flatMap((change) => ("add" in change && change.add === "rule" ? [change.value] : []))

/** What nft itself sends, by the command. */
const captured = readFileSync(`${import.meta.dir}/../../fixtures/nftables/rules.txt`, "utf8")
  .trimEnd()
  .split("\n")
const nftRules = captured.flatMap((line, at) =>
  line.startsWith("#") ? [{ command: line.slice(2), bytes: Buffer.from(captured[at + 1]!, "hex") }] : [],
)
const nfgenmsg = Buffer.from("01000000", "hex")

/** nft names a set by an identifier too, which is 0 for one that is there already. */
const withoutSetIds = (rule: NftRule) => ({
  ...rule,
  expressions: rule.expressions?.map((expression) => {
    if (expression.name !== "lookup" || expression.data === undefined) return expression
    const { setId: _, ...data } = expression.data as { setId?: number }
    return { name: "lookup", data }
  }),
})

describe("rules", () => {
  test.each(nftRules)("$command", ({ bytes }) => {
    const theirs = readNftRule(Buffer.concat([nfgenmsg, bytes]))
    // Read, then written, is what nft sent, byte for byte.
    expect(hex(bodies([{ add: "rule", value: theirs }])[0]!)).toBe(hex(nfgenmsg) + hex(bytes))
    const ours = ourRules.find((rule) => rule.chain === theirs.chain && rule.comment === theirs.comment)
    expect(ours).toBeDefined()
    expect(withoutSetIds(theirs)).toEqual(withoutSetIds(ours!) as never)
  })

  test("there is one for each chain, family and kind of target", () => {
    expect(ourRules.filter(({ chain }) => chain === "incoming")).toHaveLength(7)
    expect(ourRules.filter(({ chain }) => chain === "outgoing")).toHaveLength(8)
  })
})

describe("bytes", () => {
  test("a batch that adds one block to a table that is there", () => {
    const target = (parseTarget("203.0.113.7:443") as { value: Target }).value
    const change: Change = {
      add: "elements",
      value: {
        table: TABLE,
        set: "peer_port4",
        elements: [{ ...elementKey(target), timeoutMs: 300_000, comment: "x" }],
      },
    }
    // nft add element inet holyf-network peer_port4 { 203.0.113.7 . 443 timeout 5m comment "x" }
    expect(hex(writeBatch([change], { sequenceOf, generation: 7 })).match(/.{1,64}/g)).toMatchInlineSnapshot(`
      [
        "1c0000001000010000000000000000000000000a080001000000000764000000",
        "0c0a050601000000000000000100000012000100686f6c79662d6e6574776f72",
        "6b0000000f000200706565725f706f72743400002c000380280001800c000400",
        "00000000000493e0100001800c000100cb00710701bb00000800060000027800",
        "140000001100010002000000000000000000000a",
      ]
    `)
  })

  test("the set of nft's own example: type ipv4_addr . inet_service, flags interval and timeout", () => {
    const [, set] = everything
      .filter((change) => "add" in change && change.add === "set" && change.value.name === "network_port4")
      .map((c) => [c, bodies([c])[0]!] as const)[0]!
    expect(readNftSet(set)).toMatchObject({
      flags: 0x94,
      keyType: 0x1cd,
      keyLength: 8,
      description: { fields: [{ length: 4 }, { length: 2 }] },
    })
  })

  test("read after write gives the value back", () => {
    for (const change of everything) {
      if (!("add" in change)) throw new Error("a first block removes nothing")
      const [body] = bodies([change])
      if (change.add === "table") expect(readNftTable(body!)).toEqual(change.value)
      if (change.add === "set") expect(readNftSet(body!)).toEqual(change.value)
      if (change.add === "rule") expect(readNftRule(body!)).toEqual(change.value)
      if (change.add === "elements") expect(readNftElements(body!)).toEqual(change.value)
    }
  })

  test("any beginning of a message is read or refused, and nothing else happens", () => {
    const read = [readNftRule, readNftSet, readNftElements, readNftTable]
    fc.assert(
      fc.property(fc.nat(everything.length - 1), fc.double({ min: 0, max: 1, noNaN: true }), (which, part) => {
        const [body] = bodies([everything[which]!])
        for (const one of read) {
          try {
            one(body!.subarray(0, Math.floor(body!.length * part)))
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError)
          }
        }
      }),
    )
  })

  test("an expression that nobody knows keeps its name", () => {
    // expressions [ { name "xyz", data 4 bytes } ]
    const bytes = Buffer.from("01000000" + "18000480" + "14000180" + "0800010078797a00" + "08000200aabbccdd", "hex")
    expect(readNftRule(bytes)).toEqual({ expressions: [{ name: "xyz" }] })
  })

  test("user data of others is no comment of ours, and never read past its end", () => {
    const element = (userdata: string) =>
      readNftElements(Buffer.from(`01000000${nest(3, nest(1, `${attribute(6, userdata)}`))}`, "hex")).elements![0]!
        .comment
    expect(element("0003616200")).toBe("ab")
    expect(element("00ff6162")).toBe("")
    expect(element("0502aabb0002780000")).toBe("x")
    expect(element("00")).toBe("")
  })
})

const word = (n: number) => Buffer.from([n & 0xff, n >> 8]).toString("hex")
const attribute = (type: number, payload: string) => {
  const length = payload.length / 2 + 4
  return word(length) + word(type) + payload + "00".repeat(-length & 3)
}
const nest = (type: number, payload: string) => attribute(type | 0x8000, payload)
