/** Under which other names a peer's packets pass this host. */
import { describe, expect, test } from "bun:test"
import { findAliases } from "../../../src/core/sample/aliases.ts"
import { parseAddress } from "../../../src/core/wire/address.ts"
import { type FlowSpec, flowTableOf } from "../../support/flows.ts"

const PEER = "198.51.100.24"
const find = (flows: readonly FlowSpec[], peer = PEER) => findAliases(flowTableOf(flows), parseAddress(peer)!)

describe("of a peer that", () => {
  test.each<{ name: string; flow: FlowSpec; peer?: string; aliases: readonly string[] }>([
    {
      name: "is not translated: none",
      flow: { original: `${PEER}:5000 > 10.0.0.10:443` },
      aliases: [],
    },
    {
      name: "asks for a published port: the port on either side",
      flow: { original: `${PEER}:5000 > 10.0.0.10:8081`, reply: `172.30.0.2:80 > ${PEER}:5000` },
      aliases: [`8081 is ${PEER}:80`, `80 is ${PEER}:8081`],
    },
    {
      name: "asks for an address that is published with its port: it keeps its own names",
      flow: { original: `${PEER}:5000 > 10.0.0.10:80`, reply: `172.30.0.2:80 > ${PEER}:5000` },
      aliases: [],
    },
    {
      name: "is a service address: the pod behind it",
      flow: { original: "10.0.0.10:5000 > 10.96.0.1:443", reply: "10.244.1.5:6443 > 10.0.0.10:5000" },
      peer: "10.96.0.1",
      aliases: ["443 is 10.244.1.5:6443"],
    },
    {
      name: "is the pod: the service address",
      flow: { original: "10.0.0.10:5000 > 10.96.0.1:443", reply: "10.244.1.5:6443 > 10.0.0.10:5000" },
      peer: "10.244.1.5",
      aliases: ["6443 is 10.96.0.1:443"],
    },
    {
      name: "is reached by masquerade: it keeps its names",
      flow: { original: `172.30.0.2:5000 > ${PEER}:443`, reply: `${PEER}:443 > 10.0.0.10:40000` },
      aliases: [],
    },
    {
      name: "has IPv6",
      flow: { original: "[2001:db8::1]:5000 > [2001:db8::96]:443", reply: "[2001:db8::5]:6443 > [2001:db8::1]:5000" },
      peer: "2001:db8::96",
      aliases: ["443 is 2001:db8::5:6443"],
    },
  ])("$name", ({ flow, peer, aliases }) => {
    const found = find([flow], peer)
    expect(found.list.map(({ port, address, aliasPort }) => `${port} is ${address}:${aliasPort}`)).toEqual([...aliases])
    expect(found.isTranslated).toBe(flow.reply !== undefined)
  })
})

test("flows of others say nothing, one name is told once, and there are not endlessly many", () => {
  const published = (port: number, outside = 8081): FlowSpec => ({
    original: `${PEER}:${port} > 10.0.0.10:${outside}`,
    reply: `172.30.0.2:80 > ${PEER}:${port}`,
  })
  expect(find([published(5000)], "203.0.113.7")).toEqual({ isTranslated: false, list: [] })
  expect(find([published(5000), published(5001)]).list).toHaveLength(2)
  const many = Array.from({ length: 200 }, (_, i) => published(5000, 9000 + i))
  expect(find(many).list.length).toBeLessThanOrEqual(65)
})
