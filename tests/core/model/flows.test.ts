import { describe, expect, test } from "bun:test"
import { createFlowRateTable } from "../../../src/core/model/flow-rates.ts"
import { applyFlowBytes, deriveFlowBytes } from "../../../src/core/model/flows.ts"
import { byteMark, createRateTable, fitRateTable } from "../../../src/core/model/rates.ts"
import { createAddressSet } from "../../../src/core/sample/address-column.ts"
import { linkFlows } from "../../../src/core/sample/flow-link.ts"
import type { FlowScope } from "../../../src/core/sample/flows.ts"
import { appendFlowRows } from "../../../src/core/sample/nat.ts"
import { parseAddress } from "../../../src/core/wire/address.ts"
import { flowStatus } from "../../../src/core/wire/conntrack.ts"
import { IPPROTO_UDP } from "../../../src/core/wire/inet-diag.ts"
import { type FlowSpec, flowsOf } from "../../support/flows.ts"
import { tableOf } from "../../support/sockets.ts"

interface Options {
  elapsedMs?: number
  isComplete?: boolean
  scope?: FlowScope
}

/** Bytes and mark of each flow of the second look. */
function derive(before: readonly FlowSpec[] | undefined, now: readonly FlowSpec[], options: Options = {}) {
  const { elapsedMs = 1_000, ...rest } = options
  const previous = before === undefined ? undefined : flowsOf(before, rest)
  const current = flowsOf(now)
  if (previous !== undefined) linkFlows(previous, undefined)
  linkFlows(current, previous)
  const rates = createFlowRateTable()
  deriveFlowBytes(rates, current, previous && { flows: previous, elapsedMs })
  const names = Object.fromEntries(Object.entries(byteMark).map(([name, mark]) => [mark, name]))
  return {
    current,
    rates,
    rows: [...Array(current.table.length).keys()].map((row) =>
      [rates.originalBytes[row], rates.replyBytes[row], names[rates.mark[row]!]].join(" "),
    ),
  }
}

const flow = (bytes?: [number, number], rest: FlowSpec = {}): FlowSpec => ({
  id: 1,
  ...(bytes !== undefined && { bytes }),
  ...rest,
})

describe("what moved on a flow", () => {
  test.each<{ name: string; before?: FlowSpec[]; now: FlowSpec[]; options?: Options; rows: string[] }>([
    { name: "nothing is known on the first look", now: [flow([5, 6])], rows: ["NaN NaN first"] },
    {
      name: "the difference of both directions",
      before: [flow([5, 6])],
      now: [flow([15, 106])],
      rows: ["10 100 exact"],
    },
    { name: "nothing, when it stood still", before: [flow([5, 6])], now: [flow([5, 6])], rows: ["0 0 exact"] },
    { name: "its whole life, when it began in the window", before: [], now: [flow([5, 6])], rows: ["5 6 exact"] },
    {
      name: "unknown, when the look before had holes",
      before: [],
      now: [flow([5, 6])],
      options: { isComplete: false },
      rows: ["NaN NaN first"],
    },
    {
      name: "unknown, when a counter ran backwards",
      before: [flow([5, 6])],
      now: [flow([15, 5])],
      rows: ["NaN NaN wentBack"],
    },
    { name: "unknown, when the kernel does not count", before: [flow()], now: [flow()], rows: ["NaN NaN uncounted"] },
    {
      name: "unknown, when it was not counted before",
      before: [flow()],
      now: [flow([5, 6])],
      rows: ["NaN NaN uncounted"],
    },
    {
      name: "unknown, when no device could carry it",
      before: [flow([0, 0])],
      now: [flow([1e12, 0])],
      rows: ["NaN NaN impossible"],
    },
    {
      name: "unknown, when no time has passed",
      before: [flow([5, 6])],
      now: [flow([6, 7])],
      options: { elapsedMs: 0 },
      rows: ["NaN NaN first"],
    },
    {
      name: "its last bytes, when it ended",
      before: [flow([5, 6])],
      now: [flow([9, 9], { state: 7 })],
      rows: ["4 3 exact"],
    },
    {
      name: "counted from zero after a narrow look only where that look would have shown it",
      before: [],
      now: [
        flow([5, 6], { protocol: IPPROTO_UDP }),
        flow([5, 6], { id: 2, status: flowStatus.targetNat }),
        flow([5, 6], { id: 3 }),
      ],
      options: { scope: "translated-and-udp" },
      rows: ["5 6 exact", "5 6 exact", "NaN NaN first"],
    },
  ])("$name", ({ before, now, options, rows }) => expect(derive(before, now, options).rows).toEqual(rows))
})

test("rows of flows and connected UDP sockets get the flow's bytes, TCP sockets keep their own", () => {
  const host = "192.0.2.1"
  const specs: FlowSpec[] = [
    {
      id: 1,
      original: "198.51.100.7:5000 > 192.0.2.1:8081",
      reply: "172.20.0.2:80 > 198.51.100.7:5000",
      bytes: [10, 70],
    },
    { id: 2, original: `${host}:4000 > 198.51.100.7:53`, protocol: IPPROTO_UDP, bytes: [11, 71] },
    { id: 3, original: `198.51.100.7:4001 > ${host}:443`, bytes: [12, 72] },
    { id: 4, original: `198.51.100.7:53 > ${host}:4002`, protocol: IPPROTO_UDP, bytes: [13, 73] },
  ]
  const { current, rates: flowRates } = derive([], specs)
  const sockets = tableOf([
    { local: `${host}:4000`, remote: "198.51.100.7:53" },
    { local: `${host}:443`, remote: "198.51.100.7:4001" },
    { local: `${host}:4002`, remote: "198.51.100.7:53" },
    { local: `${host}:22`, remote: "198.51.100.7:9" },
  ])
  sockets.protocol[0] = IPPROTO_UDP
  sockets.protocol[2] = IPPROTO_UDP
  appendFlowRows({
    sockets,
    flows: current.table,
    namespaces: [
      {
        addresses: createAddressSet([parseAddress(host)!]),
        sockets: { from: 0, to: 4 },
        flows: { from: 0, to: specs.length },
      },
    ],
  })
  const rates = createRateTable()
  fitRateTable(rates, sockets.length)
  rates.txBytes.fill(-1)
  rates.rxBytes.fill(-1)
  applyFlowBytes(rates, sockets, { table: current.table, rates: flowRates })
  expect([...Array(sockets.length).keys()].map((row) => [rates.txBytes[row], rates.rxBytes[row]])).toEqual([
    [11, 71],
    [-1, -1],
    [73, 13],
    [-1, -1],
    [70, 10],
  ])
})
