import { expect, test } from "bun:test"
import { nearest } from "../../../src/core/text/nearest.ts"

test.each([
  ["conections", "connections"],
  ["connection", "connections"],
  ["conn", "connections"],
  ["snapshto", "snapshot"],
  ["snap", "snapshot"],
  ["hlep", "help"],
  ["--refesh", undefined],
  ["top", undefined],
  ["", undefined],
  ["h", undefined],
  ["daemon", undefined],
  ["x".repeat(100_000), undefined],
])("%s is meant to be %p", (word, meant) => {
  expect(nearest(word, ["connections", "snapshot", "help"])).toBe(meant)
})

test("the nearest of several wins", () => {
  expect(nearest("--prot", ["--port", "--proto"])).toBe("--port")
})
