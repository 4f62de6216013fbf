import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { createFlowIndex, linkFlows } from "../../../src/core/sample/flow-link.ts"
import { type FlowSpec, flowTableOf } from "../../support/flows.ts"

const indexed = (specs: readonly FlowSpec[]) => ({ table: flowTableOf(specs), index: createFlowIndex() })

function link(before: readonly FlowSpec[], now: readonly FlowSpec[]) {
  const previous = indexed(before)
  linkFlows(previous, undefined)
  const current = indexed(now)
  const { doubled } = linkFlows(current, previous)
  return { rows: [...current.table.previousRow.subarray(0, current.table.length)], doubled }
}

const flow = (id: number, port = id, rest: FlowSpec = {}): FlowSpec => ({
  id,
  original: `10.0.0.1:${port} > 10.0.0.2:80`,
  ...rest,
})

test("without a look before, every flow is new", () => {
  const now = indexed([flow(1), flow(2)])
  linkFlows(now, undefined)
  expect([...now.table.previousRow.subarray(0, 2)]).toEqual([-1, -1])
})

describe("is the same flow", () => {
  test.each<{ name: string; before: FlowSpec[]; now: FlowSpec[]; rows: number[] }>([
    { name: "in the same order", before: [flow(1), flow(2)], now: [flow(1), flow(2)], rows: [0, 1] },
    { name: "in another order", before: [flow(1), flow(2), flow(3)], now: [flow(3), flow(1)], rows: [2, 0] },
    { name: "not when the id is another", before: [flow(1, 5)], now: [flow(2, 5)], rows: [-1] },
    { name: "not when an id is shared by another tuple", before: [flow(1, 5)], now: [flow(1, 6)], rows: [-1] },
    { name: "with two of one id", before: [flow(1, 5), flow(1, 6)], now: [flow(1, 6), flow(1, 5)], rows: [1, 0] },
    { name: "not in another zone", before: [flow(1)], now: [flow(1, 1, { zone: 4 })], rows: [-1] },
    {
      name: "not when it began at another time: id and tuple were used again",
      before: [flow(1, 1, { timestamp: { startNs: 1e15 } })],
      now: [flow(1, 1, { timestamp: { startNs: 2e15 } })],
      rows: [-1],
    },
    {
      name: "when times are kept only since",
      before: [flow(1)],
      now: [flow(1, 1, { timestamp: { startNs: 2e15 } })],
      rows: [0],
    },
  ])("$name", ({ before, now, rows }) => expect(link(before, now).rows).toEqual(rows))
})

test("a flow the dump gave twice is one row, and the rest keep their order", () => {
  const { rows, doubled } = link([flow(1), flow(2)], [flow(1), flow(1), flow(3), flow(2), flow(3)])
  expect({ rows, doubled }).toEqual({ rows: [0, -1, 1], doubled: 2 })
})

test("agrees with a slow search, and no two rows share a previous one", () => {
  const flows = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 6 })), { maxLength: 40 })
  fc.assert(
    fc.property(flows, flows, (before, now) => {
      const unique = (all: [number, number][]) => [...new Map(all.map((one) => [one.join(), one])).values()]
      const { rows } = link(
        before.map(([id, port]) => flow(id, port)),
        now.map(([id, port]) => flow(id, port)),
      )
      const keys = unique(before).map((one) => one.join())
      expect(rows).toEqual(unique(now).map((one) => keys.indexOf(one.join())))
      const matched = rows.filter((row) => row >= 0)
      expect(new Set(matched).size).toBe(matched.length)
    }),
  )
})

test("tables take turns: an index that was larger serves a smaller table", () => {
  const [a, b] = [createFlowIndex(), createFlowIndex()]
  const many = Array.from({ length: 3_000 }, (_, i) => flow(i + 1, i))
  const first = { table: flowTableOf(many), index: a }
  linkFlows(first, undefined)
  const second = { table: flowTableOf(many.slice(0, 3)), index: b }
  linkFlows(second, first)
  const third = { table: flowTableOf(many.slice(1, 3)), index: a }
  linkFlows(third, second)
  expect([...third.table.previousRow.subarray(0, 2)]).toEqual([1, 2])
})
