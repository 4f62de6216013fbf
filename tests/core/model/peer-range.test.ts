import { describe, expect, test } from "bun:test"
import { parsePeerRange, peerMatcher } from "../../../src/core/model/peer-range.ts"
import { tableOf } from "../../support/sockets.ts"

const peers = ["10.1.2.3", "10.1.3.3", "192.0.2.1", "2001:db8::1", "2001:db8:8000::1", "::1"]
const table = tableOf([
  ...peers.map((peer) =>
    peer.includes(":") ? { local: "[::1]:80", remote: `[${peer}]:5` } : { local: "10.0.0.1:80", remote: `${peer}:5` },
  ),
  { local: "10.0.0.1:80", remote: "10.1.2.3:6", isMapped: true },
])
const names = [...peers, "10.1.2.3 mapped"]

const matched = (text: string) => {
  const isPeer = peerMatcher(table, parsePeerRange(text)!)
  return names.filter((_, row) => isPeer(row))
}

describe("a peer", () => {
  test.each([
    ["10.1.2.3", ["10.1.2.3", "10.1.2.3 mapped"]],
    ["::ffff:10.1.2.3", ["10.1.2.3", "10.1.2.3 mapped"]],
    ["::ffff:a01:203", ["10.1.2.3", "10.1.2.3 mapped"]],
    ["10.1.2.3/32", ["10.1.2.3", "10.1.2.3 mapped"]],
    ["10.1.2.0/24", ["10.1.2.3", "10.1.2.3 mapped"]],
    ["10.1.2.9/23", ["10.1.2.3", "10.1.3.3", "10.1.2.3 mapped"]],
    ["::ffff:10.1.2.0/119", ["10.1.2.3", "10.1.3.3", "10.1.2.3 mapped"]],
    ["0.0.0.0/0", ["10.1.2.3", "10.1.3.3", "192.0.2.1", "10.1.2.3 mapped"]],
    ["::/0", ["2001:db8::1", "2001:db8:8000::1", "::1"]],
    ["2001:DB8:0::1", ["2001:db8::1"]],
    ["[2001:db8::1]", ["2001:db8::1"]],
    ["2001:db8::/32", ["2001:db8::1", "2001:db8:8000::1"]],
    ["2001:db8::/33", ["2001:db8::1"]],
    ["198.51.100.1", []],
  ])("%s", (text, expected) => {
    expect(matched(text)).toEqual(expected)
  })

  test.each(["", "nginx", "10.1.2", "10.1.2.3:80", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "1.2.3.4/8/8"])(
    "%p is none",
    (text) => {
      expect(parsePeerRange(text)).toBeUndefined()
    },
  )

  test("a mapped network cannot reach beyond IPv4", () => {
    expect(parsePeerRange("::ffff:10.0.0.0/95")).toBeUndefined()
    expect(parsePeerRange("::ffff:0.0.0.0/96")).toEqual(parsePeerRange("0.0.0.0/0")!)
  })
})
