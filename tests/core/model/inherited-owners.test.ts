import { expect, test } from "bun:test"
import { findListeners } from "../../../src/core/model/direction.ts"
import { inheritOwners } from "../../../src/core/model/inherited-owners.ts"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import {
  ESTABLISHED,
  FIN_WAIT1,
  LISTEN,
  type SocketRow,
  SYN_RECV,
  socketTable,
  TIME_WAIT,
} from "../../support/socket-rows.ts"

/** Owners of each row after inheriting; the unsure twin of owner n is n + 100. */
function owners(rows: readonly SocketRow[], before?: readonly SocketRow[]): number[] {
  const table = socketTable(rows)
  const previous = before === undefined ? undefined : socketTable(before)
  linkPrevious(table, previous)
  rows.forEach(({ owner }, row) => {
    if (owner !== undefined) table.owner[row] = owner
  })
  inheritOwners(table, findListeners(table), previous, (owner) => owner + 100)
  return [...table.owner.subarray(0, table.length)]
}

const listener: SocketRow = { cookie: 1, inode: 11, state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0", owner: 7 }
const incoming = { local: "10.0.0.1:80", remote: "10.0.0.9:5000" }
const outgoing = { local: "10.0.0.1:5000", remote: "10.0.0.9:443" }

test("a handshake, a connection waiting to be accepted and a TIME_WAIT belong to their listener", () => {
  for (const state of [SYN_RECV, ESTABLISHED, TIME_WAIT])
    expect(owners([listener, { cookie: 2, state, ...incoming }])).toEqual([7, 107])
})

test("a TIME_WAIT belongs to who held its two ends in the look before, though its cookie is new", () => {
  const before = [{ cookie: 2, inode: 12, owner: 3, ...outgoing }]
  expect(owners([{ cookie: 9, state: TIME_WAIT, ...outgoing }], before)).toEqual([103])
  // The worker that had the connection, not the master that listens.
  const accepted = [{ cookie: 2, inode: 12, owner: 3, ...incoming }]
  expect(owners([listener, { cookie: 9, state: TIME_WAIT, ...incoming }], accepted)).toEqual([7, 103])
})

test.each([
  { name: "another local port", remote: outgoing.remote, local: "10.0.0.1:5001" },
  { name: "another peer", remote: "10.0.0.8:443", local: outgoing.local },
  { name: "another local address", remote: outgoing.remote, local: "10.0.0.3:5000" },
  { name: "the two ends exchanged", remote: outgoing.local, local: outgoing.remote },
])("a TIME_WAIT with $name is not the same connection", ({ local, remote }) => {
  const before = [{ cookie: 2, inode: 12, owner: 3, ...outgoing }]
  expect(owners([{ cookie: 9, state: TIME_WAIT, local, remote }], before)).toEqual([-1])
})

test("a socket that its program has closed keeps its owner, unsure", () => {
  const before = [{ cookie: 2, inode: 12, owner: 3, ...incoming }]
  expect(owners([listener, { cookie: 2, state: FIN_WAIT1, ...incoming }], before)).toEqual([7, 103])
})

test("a socket that a process holds inherits nothing", () => {
  expect(owners([listener, { cookie: 2, inode: 12, ...incoming }])).toEqual([7, -1])
})

test("without a listener or a look before nobody is named", () => {
  expect(owners([{ cookie: 9, state: TIME_WAIT, ...outgoing }])).toEqual([-1])
  expect(
    owners([
      { ...listener, owner: -1 },
      { cookie: 9, state: SYN_RECV, ...incoming },
    ]),
  ).toEqual([-1, -1])
})
