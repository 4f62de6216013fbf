import { describe, expect, test } from "bun:test"
import { parsePeerRange } from "../../../src/core/model/peer-range.ts"
import { selectRows, sortByBandwidth, type Wanted } from "../../../src/core/model/selection.ts"
import { connectionsOf } from "../../support/connections.ts"

const OWN_PID = 4242

const connections = connectionsOf([
  { state: "LISTEN", local: "0.0.0.0:443", remote: "0.0.0.0:0", process: "nginx" }, // 0
  { local: "10.0.0.1:443", remote: "192.0.2.1:5000", process: "nginx" }, // 1 in
  { local: "10.0.0.1:5001", remote: "192.0.2.2:443", process: "curl" }, // 2 out
  { local: "10.0.0.1:5002", remote: "192.0.2.1:22", process: "a-process-of-15" }, // 3 out
  { local: "10.0.0.1:5003", remote: "192.0.2.3:443", process: "bun", pid: OWN_PID }, // 4 ourselves
  { state: "TIME_WAIT", local: "10.0.0.1:443", remote: "192.0.2.4:9" }, // 5 in, nobody's
])

const select = (wanted: Wanted) => [...selectRows(connections, wanted, OWN_PID)]

describe("the connections that were asked for", () => {
  test.each<[string, Wanted, number[]]>([
    ["all: no listener and not ourselves", {}, [1, 2, 3, 5]],
    ["in", { side: "in" }, [1, 5]],
    ["out", { side: "out" }, [2, 3]],
    ["the port of the service on either side", { servicePort: 443 }, [1, 2, 5]],
    ["port and side", { servicePort: 443, side: "out" }, [2]],
    ["the port of the client is none", { servicePort: 5001 }, []],
    ["a peer", { peer: parsePeerRange("::ffff:192.0.2.1")! }, [1, 3]],
    ["a network", { peer: parsePeerRange("192.0.2.0/30")! }, [1, 2, 3]],
    ["a process", { process: "nginx" }, [1]],
    ["no process of nearly that name", { process: "ngin" }, []],
    ["a name longer than the kernel keeps", { process: "a-process-of-15-and-more" }, [3]],
    ["TCP", { protocols: [6] }, [1, 2, 3, 5]],
    ["UDP", { protocols: [17] }, []],
  ])("%s", (_, wanted, rows) => {
    expect(select(wanted)).toEqual(rows)
  })
})

test("the busiest comes first; then what is queued; equal rows keep an order of their own", () => {
  const moving = (acked: number, more: object) => ({ acked, received: 0, before: { acked: 0, received: 0 }, ...more })
  const sorted = connectionsOf([
    moving(0, { local: "10.0.0.1:1", remote: "192.0.2.9:1" }),
    moving(0, { local: "10.0.0.1:2", remote: "192.0.2.10:1" }),
    moving(0, { local: "10.0.0.1:3", remote: "192.0.2.9:1", sendQueue: 7 }),
    moving(10, { local: "10.0.0.1:4", remote: "192.0.2.9:1" }),
    moving(900, { local: "10.0.0.1:5", remote: "192.0.2.9:1" }),
    { state: "TIME_WAIT", local: "10.0.0.1:6", remote: "192.0.2.1:1" },
  ])
  const rows = selectRows(sorted, {}, OWN_PID)
  sortByBandwidth(sorted, rows)
  expect([...rows]).toEqual([4, 3, 2, 5, 0, 1])
})
