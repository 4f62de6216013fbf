import { expect, test } from "bun:test"
import { holderOf } from "../../../src/core/model/survey-memory.ts"
import { createSocketTable } from "../../../src/core/sample/socket-table.ts"

const owner = (pid: number, name: string) => ({ pid, startTime: 1, name, isSure: true, sharerCount: 1 })
const owners = [owner(7, "reader"), owner(8, "sender")]

/** One socket of each owner: the reader's in namespace 0, the sender's in namespace 1. */
function table() {
  const made = createSocketTable(4)
  made.length = 2
  made.owner.set([0, 1])
  made.namespace.set([0, 1])
  return made
}
const held = (reader: readonly [unread: number, unsent: number], sender: readonly [number, number]) => ({
  unread: Float64Array.of(reader[0], sender[0]),
  memory: Float64Array.of(reader[0] + reader[1], sender[0] + sender[1]),
})

test.each([
  ["who does not read comes before who waits for that", held([300, 0], [0, 1_000]), "reader"],
  ["who holds most, where little is unread", held([100, 0], [0, 1_000]), "sender"],
  ["who holds most, where nothing is unread", held([0, 10], [0, 1_000]), "sender"],
  ["the larger of two that do not read", held([300, 0], [400, 0]), "sender"],
] as const)("%s", (_, memory, name) => {
  const [own, other] = [0, 1].map((net) => holderOf(memory, owners, table(), net).memory)
  expect((name === "reader" ? own : other)?.process).toBe(name)
  expect(name === "reader" ? other : own).toBeUndefined()
})

test("nobody holds anything", () => {
  expect(holderOf(held([0, 0], [0, 0]), owners, table(), 0)).toEqual({})
})
