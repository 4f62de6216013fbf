import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type AddressSet, createAddressSet } from "../../../src/core/sample/address-column.ts"
import { createFlowIndex, linkFlows } from "../../../src/core/sample/flow-link.ts"
import { type FlowTable, flowRole } from "../../../src/core/sample/flow-table.ts"
import { appendFlowRows, isSenderSide } from "../../../src/core/sample/nat.ts"
import { addressText, createSocketTable, rowSource, type SocketTable } from "../../../src/core/sample/socket-table.ts"
import { formatEndpoint, parseAddress } from "../../../src/core/wire/address.ts"
import { IPPROTO_TCP, IPPROTO_UDP } from "../../../src/core/wire/inet-diag.ts"
import { type FlowSpec, flowTableOf } from "../../support/flows.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

const HOST = "192.0.2.1"
const CLIENT = "198.51.100.7"
const CONTAINER = "172.20.0.2"
const addressesOf = (...texts: string[]): AddressSet => createAddressSet(texts.map((text) => parseAddress(text)!))
const own = addressesOf(HOST, "172.20.0.1", "2001:db8::1")

interface World {
  sockets?: readonly (SocketSpec & { udp?: boolean; isClosed?: boolean })[]
  flows: readonly FlowSpec[]
  addresses?: AddressSet
}

function socketsOf(specs: NonNullable<World["sockets"]>): SocketTable {
  const table = tableOf(specs.map(({ udp: _, isClosed: __, ...spec }) => spec))
  for (const [row, { udp, isClosed }] of specs.entries()) {
    if (udp === true) table.protocol[row] = IPPROTO_UDP
    if (isClosed === true) table.source[row] = rowSource.closed
  }
  return table
}

function append({ sockets: socketSpecs = [], flows: specs, addresses = own }: World) {
  const sockets = socketsOf(socketSpecs)
  const flows = flowTableOf(specs)
  const all = { addresses, sockets: { from: 0, to: sockets.length }, flows: { from: 0, to: flows.length } }
  const result = appendFlowRows({ sockets, flows, namespaces: [all] })
  return { sockets, flows, result, rows: rowsOf(sockets, flows, result.rows.from) }
}

const roleNames = Object.fromEntries(Object.entries(flowRole).map(([name, role]) => [role, name]))
const endpoint = (column: Uint32Array, port: Uint16Array, row: number) =>
  formatEndpoint(addressText(column, row), port[row]!)

function rowsOf(sockets: SocketTable, flows: FlowTable, from: number): string[] {
  const rows: string[] = []
  for (let row = from; row < sockets.length; row++) {
    const local = endpoint(sockets.localAddress, sockets.localPort, row)
    const remote = endpoint(sockets.remoteAddress, sockets.remotePort, row)
    rows.push(`${roleNames[flows.role[sockets.flow[row]!]!]} ${local} ~ ${remote}`)
  }
  return rows
}

describe("how a flow looks from the host", () => {
  test.each<{ name: string; flow: FlowSpec; row: string; txRx?: [number, number] }>([
    {
      name: "a published port, the same inside",
      flow: { original: `${CLIENT}:5000 > ${HOST}:3306`, reply: `${CONTAINER}:3306 > ${CLIENT}:5000`, bytes: [10, 70] },
      row: `targetNat ${HOST}:3306 ~ ${CLIENT}:5000`,
      txRx: [70, 10],
    },
    {
      name: "a published port, another inside",
      flow: { original: `${CLIENT}:5000 > ${HOST}:8081`, reply: `${CONTAINER}:80 > ${CLIENT}:5000`, bytes: [10, 70] },
      row: `targetNat ${HOST}:8081 ~ ${CLIENT}:5000`,
      txRx: [70, 10],
    },
    {
      name: "a masqueraded container",
      flow: { original: `${CONTAINER}:4000 > ${CLIENT}:443`, reply: `${CLIENT}:443 > ${HOST}:61000`, bytes: [10, 70] },
      row: `sourceNat ${HOST}:61000 ~ ${CLIENT}:443`,
      txRx: [10, 70],
    },
    {
      name: "routed as it is",
      flow: { original: `${CONTAINER}:4000 > ${CLIENT}:443`, bytes: [10, 70] },
      row: `forward ${CONTAINER}:4000 ~ ${CLIENT}:443`,
      txRx: [10, 70],
    },
    {
      name: "a service address that is on no device, as pods use them",
      flow: { original: `${CONTAINER}:4000 > 10.96.0.1:443`, reply: `172.20.0.9:6443 > ${CONTAINER}:4000` },
      row: `targetNat ${CONTAINER}:4000 ~ 10.96.0.1:443`,
    },
    {
      name: "a client that comes back through the host: both are translated",
      flow: { original: `${CONTAINER}:4000 > ${HOST}:8081`, reply: `172.20.0.9:80 > 172.20.0.1:4000` },
      row: `targetNat ${HOST}:8081 ~ ${CONTAINER}:4000`,
    },
    {
      name: "IPv6, published",
      flow: { original: "[2001:db8:9::7]:5000 > [2001:db8::1]:8081", reply: "[fd00::2]:80 > [2001:db8:9::7]:5000" },
      row: "targetNat [2001:db8::1]:8081 ~ [2001:db8:9::7]:5000",
    },
    {
      name: "IPv6, masqueraded",
      flow: { original: "[fd00::2]:4000 > [2001:db8:9::7]:443", reply: "[2001:db8:9::7]:443 > [2001:db8::1]:4000" },
      row: "sourceNat [2001:db8::1]:4000 ~ [2001:db8:9::7]:443",
    },
    {
      name: "the host's own, when its socket is gone",
      flow: { original: `${HOST}:4000 > ${CLIENT}:443`, bytes: [10, 70] },
      row: `host ${HOST}:4000 ~ ${CLIENT}:443`,
      txRx: [10, 70],
    },
    {
      name: "multicast that came in is for this host",
      flow: { original: `${CLIENT}:5353 > 224.0.0.251:5353`, protocol: IPPROTO_UDP },
      row: `host 224.0.0.251:5353 ~ ${CLIENT}:5353`,
    },
  ])("$name", ({ flow, row, txRx }) => {
    const { rows, sockets, flows } = append({ flows: [flow] })
    expect(rows).toEqual([row])
    if (txRx !== undefined) expect([sockets.bytesAcked[0]!, sockets.bytesReceived[0]!]).toEqual(txRx)
    expect(sockets.source[0]).toBe(rowSource.conntrack)
    expect(flows.socketRow[0]).toBe(0)
    expect(sockets.owner[0]).toBe(-1)
    const sends = isSenderSide(sockets, 0, flows) ? flows.originalBytes[0]! : flows.replyBytes[0]!
    expect(sends).toBe(sockets.bytesAcked[0]!)
  })
})

describe("a flow with a socket is no row", () => {
  const dnat: FlowSpec = { original: `${CLIENT}:5000 > ${HOST}:8081`, reply: `${CONTAINER}:80 > ${CLIENT}:5000` }
  test.each<{ name: string; sockets: NonNullable<World["sockets"]>; flow: FlowSpec }>([
    {
      name: "of this host, which sent first",
      sockets: [{ local: `${HOST}:4000`, remote: `${CLIENT}:443` }],
      flow: { original: `${HOST}:4000 > ${CLIENT}:443` },
    },
    {
      name: "of this host, which was asked",
      sockets: [{ local: `${HOST}:443`, remote: `${CLIENT}:4000` }],
      flow: { original: `${CLIENT}:4000 > ${HOST}:443` },
    },
    {
      name: "of the container, which we see",
      sockets: [{ local: `${CONTAINER}:80`, remote: `${CLIENT}:5000` }],
      flow: dnat,
    },
    {
      name: "with a dual-stack socket's spelling",
      sockets: [{ local: `${CONTAINER}:80`, remote: `${CLIENT}:5000`, isMapped: true }],
      flow: dnat,
    },
    {
      name: "of IPv6",
      sockets: [{ local: "[2001:db8::1]:443", remote: "[2001:db8:9::7]:4000" }],
      flow: { original: "[2001:db8:9::7]:4000 > [2001:db8::1]:443" },
    },
    {
      name: "that has just closed",
      sockets: [{ local: `${HOST}:443`, remote: `${CLIENT}:4000`, isClosed: true }],
      flow: { original: `${CLIENT}:4000 > ${HOST}:443` },
    },
    {
      name: "of UDP that is connected",
      sockets: [{ local: `${HOST}:4000`, remote: `${CLIENT}:53`, udp: true }],
      flow: { original: `${HOST}:4000 > ${CLIENT}:53`, protocol: IPPROTO_UDP },
    },
  ])("$name", ({ sockets: specs, flow }) => {
    const { rows, sockets, flows, result } = append({ sockets: specs, flows: [flow] })
    expect(rows).toEqual([])
    expect(result.withSocket).toBe(1)
    expect([flows.role[0]!, flows.socketRow[0]!, sockets.flow[0]!]).toEqual([flowRole.socket, 0, 0])
  })
})

test("a socket of another protocol is another connection", () => {
  const { rows } = append({
    sockets: [{ local: `${HOST}:4000`, remote: `${CLIENT}:53` }],
    flows: [{ original: `${HOST}:4000 > ${CLIENT}:53`, protocol: IPPROTO_UDP }],
  })
  expect(rows).toEqual([`host ${HOST}:4000 ~ ${CLIENT}:53`])
})

test("both ends of a connection of the host with itself point to the flow", () => {
  const { sockets, flows, rows } = append({
    sockets: [
      { local: "127.0.0.1:80", remote: "127.0.0.1:4000" },
      { local: "127.0.0.1:4000", remote: "127.0.0.1:80" },
    ],
    flows: [{ original: "127.0.0.1:4000 > 127.0.0.1:80" }],
  })
  expect({ rows, flows: [...sockets.flow.subarray(0, 2)], row: flows.socketRow[0] }).toEqual({
    rows: [],
    flows: [0, 0],
    row: 1,
  })
  expect([isSenderSide(sockets, 0, flows), isSenderSide(sockets, 1, flows)]).toEqual([false, true])
})

describe("UDP through a socket without a peer is a row that knows its socket", () => {
  const question: FlowSpec = { original: `${CLIENT}:4000 > ${HOST}:53`, protocol: IPPROTO_UDP }
  test.each<{ name: string; local: string; v6Only?: number; flow: FlowSpec; holder: number; row: string }>([
    {
      name: "bound to the address",
      local: `${HOST}:53`,
      flow: question,
      holder: 0,
      row: `host ${HOST}:53 ~ ${CLIENT}:4000`,
    },
    {
      name: "bound to all of IPv4",
      local: "0.0.0.0:53",
      flow: question,
      holder: 0,
      row: `host ${HOST}:53 ~ ${CLIENT}:4000`,
    },
    {
      name: "bound to everything",
      local: "[::]:53",
      flow: question,
      holder: 0,
      row: `host ${HOST}:53 ~ ${CLIENT}:4000`,
    },
    {
      name: "bound to IPv6 alone: not this one",
      local: "[::]:53",
      v6Only: 1,
      flow: question,
      holder: -1,
      row: `host ${HOST}:53 ~ ${CLIENT}:4000`,
    },
    {
      name: "bound to another address: not this one",
      local: "172.20.0.1:53",
      flow: question,
      holder: -1,
      row: `host ${HOST}:53 ~ ${CLIENT}:4000`,
    },
    {
      name: "that asks",
      local: "0.0.0.0:4000",
      flow: { original: `${HOST}:4000 > ${CLIENT}:53`, protocol: IPPROTO_UDP },
      holder: 0,
      row: `host ${HOST}:4000 ~ ${CLIENT}:53`,
    },
    {
      name: "that asks on the host itself",
      local: "0.0.0.0:4000",
      flow: { original: "127.0.0.1:4000 > 127.0.0.53:53", protocol: IPPROTO_UDP },
      holder: 0,
      row: "host 127.0.0.1:4000 ~ 127.0.0.53:53",
    },
  ])("$name", ({ local, v6Only, flow, holder, row }) => {
    const remote = local.startsWith("[") ? "[::]:0" : "0.0.0.0:0"
    const socket = { local, remote, udp: true, state: "CLOSE" as const, ...(v6Only !== undefined && { v6Only }) }
    const { rows, flows } = append({ sockets: [socket], flows: [flow] })
    expect(rows).toEqual([row])
    expect(flows.holderRow[0]).toBe(holder)
  })

  test("and one of another namespace with the same port is not asked", () => {
    const sockets = socketsOf([{ local: "0.0.0.0:53", remote: "0.0.0.0:0", udp: true }])
    const flows = flowTableOf([question])
    appendFlowRows({
      sockets,
      flows,
      namespaces: [{ addresses: own, sockets: { from: 0, to: 0 }, flows: { from: 0, to: 1 } }],
    })
    expect(flows.holderRow[0]).toBe(-1)
  })
})

test("the same packets in a second zone, or picked up the other way round, are no second row", () => {
  const translated = `${CLIENT}:5000 > ${HOST}:8081`
  const reply = `${CONTAINER}:80 > ${CLIENT}:5000`
  const { rows, result } = append({
    flows: [
      { original: translated, reply },
      { original: translated, reply, zone: 2 },
      { original: `${CLIENT}:5000 > ${CONTAINER}:80`, zone: 3 },
      { original: reply, zone: 4 },
    ],
  })
  expect({ rows, doubled: result.doubled }).toEqual({ rows: [`targetNat ${HOST}:8081 ~ ${CLIENT}:5000`], doubled: 3 })
})

describe("a flow that has ended", () => {
  const at = (state: number, bytes: [number, number], id = 1): FlowSpec => ({
    id,
    original: `${CLIENT}:5000 > ${HOST}:8081`,
    reply: `${CONTAINER}:80 > ${CLIENT}:5000`,
    state,
    bytes,
  })
  const ESTABLISHED = 3
  const TIME_WAIT = 7

  function looks(...specs: FlowSpec[][]) {
    let previous: { table: FlowTable; index: ReturnType<typeof createFlowIndex> } | undefined
    return specs.map((flows) => {
      const now = { table: flowTableOf(flows), index: createFlowIndex() }
      linkFlows(now, previous)
      const sockets = createSocketTable(1)
      const { rows } = appendFlowRows({
        sockets,
        flows: now.table,
        previousFlows: previous?.table,
        namespaces: [{ addresses: own, sockets: { from: 0, to: 0 }, flows: { from: 0, to: now.table.length } }],
      })
      previous = now
      return [...Array(rows.to).keys()].map((row) => ({
        source: sockets.source[row],
        previous: sockets.previousRow[row],
      }))
    })
  }
  const { conntrack, closed } = rowSource

  test("gives its last bytes once, and is no row any more", () => {
    expect(looks([at(ESTABLISHED, [10, 20])], [at(TIME_WAIT, [15, 30])], [at(TIME_WAIT, [15, 30])])).toEqual([
      [{ source: conntrack, previous: -1 }],
      [{ source: closed, previous: 0 }],
      [],
    ])
  })

  test("that was never seen alive gives its bytes once", () => {
    expect(looks([], [at(TIME_WAIT, [15, 30])], [at(TIME_WAIT, [15, 30])])).toEqual([
      [],
      [{ source: closed, previous: -1 }],
      [],
    ])
  })

  test("is nothing on the first look", () => expect(looks([at(TIME_WAIT, [15, 30])])).toEqual([[]]))

  test("of this host is left to the closings", () => {
    const gone: FlowSpec = { id: 2, original: `${HOST}:4000 > ${CLIENT}:443`, state: TIME_WAIT, bytes: [1, 1] }
    expect(looks([], [gone])).toEqual([[], []])
  })
})

describe("whatever sockets and flows there are", () => {
  const place = fc.constantFrom(HOST, CLIENT, CONTAINER, "127.0.0.1")
  const end = fc.tuple(place, fc.constantFrom(1, 2)).map(([address, port]) => `${address}:${port}`)
  const protocol = fc.constantFrom(IPPROTO_TCP, IPPROTO_UDP)
  const socket = fc.record({ local: end, remote: end, udp: fc.boolean() })
  const flow = fc
    .record({
      a: end,
      b: end,
      c: end,
      d: end,
      isTranslated: fc.boolean(),
      protocol,
      state: fc.constantFrom(1, 2, 3, 4, 7, 8, 9),
    })
    .map(({ a, b, c, d, isTranslated, protocol, state }): FlowSpec => {
      const original = `${a} > ${b}`
      return { original, protocol, state, ...(isTranslated && { reply: `${c} > ${d}` }) }
    })

  /** By strings and for every pair: what is at each end, who has it already. */
  function oracle(sockets: readonly { local: string; remote: string; udp: boolean }[], flows: readonly FlowSpec[]) {
    const socketEnds = new Set(
      sockets.map(({ local, remote, udp }) => `${udp ? IPPROTO_UDP : IPPROTO_TCP} ${local} > ${remote}`),
    )
    const taken = new Set<string>()
    return flows.map(
      ({ original = "", reply = original.split(" > ").reverse().join(" > "), protocol = 0, state = 0 }) => {
        if (protocol === IPPROTO_TCP && ![0, 1, 2, 3, 9].includes(state)) return "ended"
        const ends = [`${protocol} ${original}`, `${protocol} ${reply}`]
        if (ends.some((one) => socketEnds.has(one))) return "socket"
        if (ends.some((one) => taken.has(one))) return "doubled"
        for (const one of ends) taken.add(one)
        return "row"
      },
    )
  }

  test("no flow is lost and none is twice, as a slow search says", () => {
    fc.assert(
      fc.property(fc.array(socket, { maxLength: 12 }), fc.array(flow, { maxLength: 25 }), (specs, flowSpecs) => {
        const { sockets, flows, result } = append({ sockets: specs, flows: flowSpecs })
        const expected = oracle(specs, flowSpecs)
        const judged = expected.map((_, i) => {
          if (flows.role[i] === flowRole.socket) return "socket"
          if (flows.role[i] !== flowRole.none) return "row"
          return expected[i] === "ended" ? "ended" : "doubled"
        })
        expect(judged).toEqual(expected)
        const rows = expected.filter((kind) => kind === "row").length
        expect(sockets.length - specs.length).toBe(rows)
        expect(result.doubled).toBe(expected.filter((kind) => kind === "doubled").length)
        const owners = [...sockets.flow.subarray(specs.length, sockets.length)]
        expect(new Set(owners).size).toBe(rows)
        for (const [i, flowRow] of owners.entries()) expect(flows.socketRow[flowRow]).toBe(specs.length + i)
      }),
      { numRuns: 500 },
    )
  })
})
