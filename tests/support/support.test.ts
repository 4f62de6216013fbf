import { describe, expect, test } from "bun:test"
import { type Facts, missingFor } from "./requirements.ts"
import { addTallies, closingLine, readTally, withoutSkips } from "./tally.ts"

describe("missingFor", () => {
  const everything: Facts = { isRoot: true, hasTool: () => true, isInNamespace: true, canUnshare: () => true }
  test.each<{ facts: Partial<Facts>; missing: string[] }>([
    { facts: {}, missing: [] },
    { facts: { isRoot: false }, missing: ["root"] },
    { facts: { hasTool: (name: string) => name !== "tcpdump" }, missing: ["tcpdump"] },
    { facts: { isRoot: false, isInNamespace: false }, missing: ["root", "a network namespace of its own"] },
  ])("$missing", ({ facts, missing }) => {
    const needs = { root: true, tools: ["ip", "tcpdump"], namespace: true } as const
    expect(missingFor(needs, { ...everything, ...facts })).toEqual(missing)
  })
})

test("root of a container has unshare and may not use it", () => {
  const facts: Facts = { isRoot: true, hasTool: () => true, isInNamespace: true, canUnshare: () => false }
  expect(missingFor({ root: true, tools: ["unshare"] }, facts)).toEqual(["the right to make namespaces"])
  expect(missingFor({ root: true, tools: ["ip"] }, facts)).toEqual([])
  expect(missingFor({ root: true, tools: ["unshare"] }, { ...facts, hasTool: () => false })).toEqual(["unshare"])
})

describe("readTally", () => {
  const junit = `<testsuites><testsuite>
    <testcase name="a" classname="" time="0" />
    <testcase name="b &lt;1&gt; [skipped: needs root]" classname=""><skipped /></testcase>
    <testcase name="c" classname="">
      <skipped message="TODO" />
    </testcase>
  </testsuite></testsuites>`

  test("reads the closing lines and the reasons", () => {
    const printed =
      "(pass) a\n\n \x1b[32m7 pass\x1b[0m\n 1 skip\n 1 todo\n 2 fail\n 1 error\nRan 5 tests across 2 files."
    expect(readTally({ printed, junit, exitCode: 1 })).toEqual({
      passed: 7,
      failed: 2,
      skipped: new Map([
        ["needs root", 1],
        ["no reason given", 1],
      ]),
    })
  })

  test.each([
    { name: "a crash before the closing lines", printed: "segmentation fault", exitCode: 139 },
    { name: "a bad end without a failure", printed: " 3 pass\n 0 fail\n", exitCode: 1 },
    { name: "an end that says nothing", printed: "", exitCode: 0 },
  ])("$name is a failure", ({ printed, exitCode }) => {
    expect(readTally({ printed, junit: "", exitCode }).failed).toBe(1)
  })

  test("adds up, and fails what a strict run may not skip", () => {
    const one = { passed: 3, failed: 0, skipped: new Map([["needs ip", 2]]) }
    const two = {
      passed: 4,
      failed: 1,
      skipped: new Map([
        ["needs ip", 1],
        ["this kernel has no conntrack", 1],
      ]),
    }
    const sum = addTallies([one, two])
    expect(closingLine(sum)).toBe("7 passed, 1 failed, 4 skipped")
    expect(closingLine(withoutSkips(sum))).toBe("7 passed, 4 failed, 1 skipped")
    expect(closingLine(addTallies([]))).toBe("0 passed, 0 failed")
  })
})
