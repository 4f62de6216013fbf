import { describe, expect, test } from "bun:test"
import type { Connections } from "../../../src/core/model/connections.ts"
import { type CoverageQuestion, deriveCoverage } from "../../../src/core/model/coverage.ts"
import { deriveTotals } from "../../../src/core/model/totals.ts"
import { createAddressSet } from "../../../src/core/sample/address-column.ts"
import type { HostAddress } from "../../../src/core/sample/host-addresses.ts"
import type { InterfaceCounters } from "../../../src/core/sample/sample.ts"
import { createSocketTable } from "../../../src/core/sample/socket-table.ts"
import { parseAddress } from "../../../src/core/wire/address.ts"
import { type ConnectionSpec, connectionsOf } from "../../support/connections.ts"

const addresses: readonly HostAddress[] = [
  { interfaceName: "eth0", address: "192.0.2.1", prefixLength: 24 },
  { interfaceName: "lo", address: "127.0.0.1", prefixLength: 8 },
  { interfaceName: "docker0", address: "172.17.0.1", prefixLength: 16 },
]

const MB = 1_000_000

/** Ethernet, IPv4 and TCP with timestamps. */
const HEADERS = 14 + 20 + 32

const counters = (payload: number, packets: number, more: Partial<InterfaceCounters> = {}): InterfaceCounters => ({
  name: "eth0",
  rxBytes: payload + packets * HEADERS,
  txBytes: 0,
  rxPackets: packets,
  txPackets: 0,
  rxErrors: 0,
  txErrors: 0,
  rxDropped: 0,
  txDropped: 0,
  headerBytes: 14,
  ...more,
})

/** A connection that received `rx` and sent `tx` in the window, of which it sent `again` twice. */
const moved = (local: string, remote: string, tx: number, rx: number, again = 0): ConnectionSpec => ({
  local,
  remote,
  acked: tx,
  received: rx,
  info: { bytesSent: tx + again, bytesRetransmitted: again },
})

function coverage(specs: readonly ConnectionSpec[], more: Partial<CoverageQuestion> & { namespaces?: number[] } = {}) {
  const connections = connectionsOf(specs)
  more.namespaces?.forEach((namespace, row) => {
    connections.table.namespace[row] = namespace
  })
  const question = {
    connections: connections as Connections,
    before: createSocketTable(),
    now: counters(MB, 700),
    earlier: counters(0, 0),
    addresses,
    ...more,
  }
  return deriveCoverage(question)
}

const percentOf = (value: ReturnType<typeof coverage>) => (value.ok ? value.value.percent : Number.NaN)

describe("coverage of an interface", () => {
  test("everything a connection received", () => {
    expect(percentOf(coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 0, MB)]))).toBeCloseTo(100, 6)
  })

  test("what was sent counts with what was sent again", () => {
    expect(percentOf(coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 900_000, 0, 100_000)]))).toBeCloseTo(100, 6)
  })

  test.each<[what: string, spec: ConnectionSpec, namespace: number]>([
    ["another interface's connection", moved("172.17.0.1:443", "172.17.0.2:5000", 0, MB), 0],
    ["a connection within the host", moved("192.0.2.1:443", "192.0.2.1:5000", 0, MB), 0],
    ["loopback", moved("127.0.0.1:443", "127.0.0.1:5000", 0, MB), 0],
    ["a container with another container", moved("172.17.0.2:443", "172.17.0.3:5000", 0, MB), 1],
    ["a container with its host, whose own row tells it", moved("172.17.0.2:443", "172.17.0.1:5000", 0, MB), 1],
  ])("%s does not count", (_, spec, namespace) => {
    expect(percentOf(coverage([spec], { namespaces: [namespace] }))).toBe(0)
  })

  test("a container's connection to the world goes by the interface that leads out", () => {
    const spec = moved("172.17.0.2:40000", "203.0.113.7:443", 0, MB)
    expect(percentOf(coverage([spec], { namespaces: [1] }))).toBeCloseTo(100, 6)
  })

  test("too little says nothing", () => {
    expect(coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 0, 100)], { now: counters(100, 1) })).toEqual({
      ok: false,
      reason: "the interface carried too little to tell",
    })
  })

  test("counters that began anew say nothing", () => {
    expect(coverage([], { earlier: counters(2 * MB, 900) }).ok).toBe(false)
  })

  test.each<[percent: number, explanation: string]>([
    [
      80,
      "coverage of eth0 is 80.0 %: the rest is of no connection (ICMP, ARP, broadcast) or of namespaces that may not be entered",
    ],
    [
      110,
      "coverage of eth0 is 110.0 %: more than it carried; traffic may take another interface than its addresses say",
    ],
  ])("%d %% is explained", (percent, explanation) => {
    const value = coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 0, (MB * percent) / 100)])
    expect(value.ok && value.value.explanation).toBe(explanation)
  })

  test("what went by while the sockets were read is allowed for", () => {
    const now = counters(MB, 700, { spreadBytes: 200_000 })
    const value = coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 0, MB * 0.9)], { now })
    expect(value).toMatchObject({ ok: true, value: { uncertainPercent: 20 } })
    expect(value.ok && value.value.explanation).toBeUndefined()
  })

  test("connections that ended while the sockets were read bring all of their bytes with the next look", () => {
    const earlier = counters(0, 0, { spreadBytes: 60_000 })
    const value = coverage([moved("192.0.2.1:443", "203.0.113.7:5000", 0, MB * 1.05)], { earlier })
    expect(value.ok && value.value.explanation).toBeUndefined()
  })
})

describe("totals", () => {
  const totals = (specs: readonly ConnectionSpec[]) =>
    deriveTotals(connectionsOf(specs), createAddressSet([parseAddress("192.0.2.1")!]))

  test("a pair within the host is one connection, and its bytes count once", () => {
    expect(
      totals([
        { state: "LISTEN", local: "0.0.0.0:80", remote: "0.0.0.0:0" },
        moved("127.0.0.1:40000", "127.0.0.1:80", 500, 70),
        moved("127.0.0.1:80", "127.0.0.1:40000", 70, 500),
        moved("192.0.2.1:80", "203.0.113.7:5000", 1_000, 10),
      ]),
    ).toEqual({ connectionCount: 2, pairCount: 1, txBytes: 1_500, rxBytes: 80 })
  })

  test("of nothing there are no bytes, which is not 0", () => {
    expect(totals([])).toEqual({ connectionCount: 0, pairCount: 0 })
  })
})
