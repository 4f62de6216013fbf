import { expect, test } from "bun:test"
import { isConnection, stateAt } from "../../../src/core/model/connections.ts"
import { IPPROTO_UDP } from "../../../src/core/sample/socket-table.ts"
import { settleUdp } from "../../../src/core/sample/udp.ts"
import { type ConnectionSpec, connectionsOf } from "../../support/connections.ts"
import { tableOf } from "../../support/sockets.ts"

test("a UDP socket that shares its port with one without a peer serves, any other one asks", () => {
  const table = tableOf([
    { state: "CLOSE", local: "0.0.0.0:53", remote: "0.0.0.0:0" },
    { local: "10.0.0.1:53", remote: "10.0.0.9:4000" },
    { local: "10.0.0.1:40000", remote: "10.0.0.9:53" },
    { local: "10.0.0.1:53", remote: "10.0.0.9:4001" },
  ])
  table.protocol.fill(IPPROTO_UDP)
  // The last one is of another network namespace, where nobody serves.
  table.namespace[3] = 1
  settleUdp(table)
  expect([...table.isOpener.subarray(1, 4)]).toEqual([0, 1, 1])
})

test("a UDP socket without a peer is a row only while data waits in it or it has dropped some", () => {
  const bound = { state: "CLOSE", local: "0.0.0.0:53", remote: "0.0.0.0:0" } as const
  const memory = { receiveAllocated: 0, receiveBuffer: 212_992, sendAllocated: 0, sendBuffer: 212_992 }
  const specs: ConnectionSpec[] = [
    bound,
    { ...bound, receiveQueue: 10 },
    { ...bound, memory: { ...memory, forwardAllocated: 0, sendQueued: 0, optionMemory: 0, backlog: 0, drops: 3 } },
    { local: "10.0.0.1:40000", remote: "10.0.0.9:53" },
  ]
  const connections = connectionsOf(specs)
  connections.table.protocol.fill(IPPROTO_UDP)
  const rows = specs.map((_, row) => [isConnection(connections, row, 1), stateAt(connections.table, row)])
  expect(rows).toEqual([
    [false, "UNCONN"],
    [true, "UNCONN"],
    [true, "UNCONN"],
    [true, "ESTABLISHED"],
  ])
})
