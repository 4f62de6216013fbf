/** Sockets of one port joined by whose they are. */
import { expect, test } from "bun:test"
import { findPortUsers, type PortUser } from "../../../src/core/pods/port-users.ts"
import { cgroupAt } from "../../../src/core/proc/cgroup.ts"
import type { Owner } from "../../../src/core/sample/owners.ts"
import { IPPROTO_UDP } from "../../../src/core/sample/socket-table.ts"
import { holder } from "../../support/port-lookups.ts"
import { ESTABLISHED, LISTEN, type SocketRow, socketTable, TIME_WAIT } from "../../support/socket-rows.ts"

interface Row extends SocketRow {
  readonly namespace?: number
  readonly isUdp?: true
  readonly cgroup?: string
}

const namespaces = [
  { id: 100, name: "host" },
  { id: 200, name: "blue" },
]

/** The users of port 80 among these sockets. */
function check(rows: readonly Row[], owners: readonly Owner[] = [], cgroups: Readonly<Record<number, string>> = {}) {
  const table = socketTable(rows)
  rows.forEach((row, i) => {
    table.namespace[i] = row.namespace ?? 0
    if (row.isUdp === true) table.protocol[i] = IPPROTO_UDP
  })
  const cgroupOf = (row: number) => {
    const path = cgroups[row]
    return path === undefined ? {} : { cgroup: cgroupAt(path) }
  }
  return findPortUsers(80, { table, owners, namespaces, cgroupOf })
}

const told = ({ match, protocol, process, netns, ends, listenerCount, connectionCount }: PortUser) =>
  `${match} ${protocol} ${process === undefined ? "-" : `${process.name}${process.isSure ? "" : "?"}`} ${netns.name} ${ends.join(",")} ${listenerCount}+${connectionCount}`

const listening = (cookie: number, more: Partial<Row> = {}): Row => ({
  cookie,
  state: LISTEN,
  local: "0.0.0.0:80",
  remote: "0.0.0.0:0",
  ...more,
})
const incoming = (cookie: number, more: Partial<Row> = {}): Row => ({
  cookie,
  state: ESTABLISHED,
  local: "10.0.0.1:80",
  remote: `10.0.0.${cookie}:4000`,
  ...more,
})
const outgoing = (cookie: number, more: Partial<Row> = {}): Row => ({
  cookie,
  local: "10.0.0.1:4000",
  remote: "10.9.0.1:80",
  ...more,
})

test("who listens comes before who connects, whatever the kernel lists first", () => {
  const owners = [holder(7, "curl"), holder(8, "nginx")]
  expect(check([outgoing(1, { owner: 0 }), listening(2, { owner: 1 })], owners).map(told)).toEqual([
    "listens tcp nginx host 0.0.0.0:80 1+0",
    "remote tcp curl host 10.9.0.1:80 0+1",
  ])
})

test("a listener and the connections it accepted are one user, and a TIME_WAIT does not make it unsure", () => {
  const owners = [holder(8, "nginx"), holder(8, "nginx", { isSure: false })]
  const rows = [incoming(9, { owner: 1, state: TIME_WAIT }), listening(2, { owner: 0 }), incoming(10, { owner: 0 })]
  expect(check(rows, owners).map(told)).toEqual(["listens tcp nginx host 0.0.0.0:80 1+2"])
})

test("connections of a worker that does not listen itself are one of their own", () => {
  const owners = [holder(8, "master"), holder(9, "worker")]
  expect(check([incoming(5, { owner: 1 }), listening(2, { owner: 0 })], owners).map(told)).toEqual([
    "listens tcp master host 0.0.0.0:80 1+0",
    "local tcp worker host 10.0.0.5 0+1",
  ])
})

test("the same port in two namespaces and two protocols is four users", () => {
  const owners = [holder(8, "a"), holder(9, "b")]
  const udp = { isUdp: true, state: 7 } as const
  const rows = [
    listening(1, { owner: 0 }),
    listening(2, { owner: 1, namespace: 1 }),
    listening(3, { owner: 0, ...udp }),
    listening(4, { owner: 1, namespace: 1, ...udp }),
  ]
  expect(check(rows, owners).map(told)).toEqual([
    "listens tcp a host 0.0.0.0:80 1+0",
    "listens udp a host 0.0.0.0:80 1+0",
    "listens tcp b blue 0.0.0.0:80 1+0",
    "listens udp b blue 0.0.0.0:80 1+0",
  ])
})

test("a connected UDP socket does not listen", () => {
  expect(check([incoming(5, { isUdp: true })]).map(told)).toEqual(["local udp - host 10.0.0.5 0+1"])
})

test("sockets of no known process are told apart by their cgroup", () => {
  const rows = [1, 2, 3].map((cookie) => listening(cookie, { inode: cookie }))
  const users = check(rows, [], {
    0: "/system.slice/a.service",
    1: "/system.slice/b.service",
    2: "/system.slice/a.service",
  })
  expect(users.map(({ cgroup, listenerCount }) => [cgroup?.unit, listenerCount])).toEqual([
    ["a.service", 2],
    ["b.service", 1],
  ])
})

test("sockets that no process holds any more are one user, and not one who hides", () => {
  const over = [outgoing(1, { state: TIME_WAIT }), outgoing(2, { state: 5 })]
  const users = check([...over, outgoing(3, { inode: 3 })], [], { 0: "/a.service", 2: "/b.service" })
  expect(users.map(({ isUnheld, connectionCount }) => [isUnheld, connectionCount])).toEqual([
    [true, 2],
    [undefined, 1],
  ])
})

test("of many ends the most frequent are named and the others counted", () => {
  const rows = [...Array.from({ length: 20 }, (_, i) => incoming(i + 1)), incoming(21, { remote: "10.0.0.20:4001" })]
  const [user] = check(rows)
  expect([user!.ends[0], user!.ends.length, user!.endCount]).toEqual(["10.0.0.20", 8, 20])
})

test("nobody is an empty list", () => {
  expect(check([incoming(1, { local: "10.0.0.1:8080" })])).toEqual([])
})
