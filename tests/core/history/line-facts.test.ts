import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { measureLine, readLineBytes } from "../../../src/core/history/line-facts.ts"
import { addLine, createLineIndex } from "../../../src/core/history/line-index.ts"
import { eachLine } from "../../../src/core/history/lines.ts"
import { matcherOf, matchLine, parseQuery } from "../../../src/core/history/search.ts"
import { readSideIndex, writeSideIndex } from "../../../src/core/history/side-index.ts"
import { clockAt, lineOf, type RowSpec } from "../../support/replay.ts"

const fixture = (name: string) =>
  readFileSync(join(import.meta.dir, `../../fixtures/original/${name}.connections-20261124.jsonl`))

const measure = (line: string) => {
  const bytes = Buffer.from(line)
  return measureLine(bytes, 0, bytes.length)
}
const web: RowSpec = { peer: "203.0.113.7", tx: 100, rx: 50, connections: 3 }
const line = lineOf({ at: clockAt(0), in: [web, { ...web, port: 80 }], out: [{ ...web, peer: "10.0.0.1" }] })

describe("what the index knows of a line", () => {
  test("is what the line says, without reading its rows", () => {
    expect(measure(line)).toEqual({
      at: Date.parse("2026-03-08T10:00:00+01:00"),
      isLook: true,
      rowsIn: 2,
      rowsOut: 1,
      connections: 9,
      bytesPerSecond: 450,
      intervalSeconds: 0,
      findings: [],
      events: [],
    })
  })

  test("is the same where the keys stand in another order, or rows hold strange text", () => {
    const { captured_at, ...rest } = JSON.parse(line)
    expect(measure(JSON.stringify({ ...rest, captured_at }))).toEqual(measure(line)!)
    const strange = { ...web, process: '],"version":"9","peer_ip":"1.2.3.4"' }
    const spec = { at: clockAt(0), in: [strange], out: [] }
    expect(measure(lineOf(spec))).toMatchObject({ rowsIn: 1, rowsOut: 0, connections: 3 })
  })

  test("holds totals before the cut, findings, events", () => {
    const totals = {
      rows: 900,
      conn_count: 2_000,
      tx_bytes_delta: 600,
      rx_bytes_delta: 0,
      total_bytes_delta: 600,
      cut_rows: 898,
      cut_conn_count: 0,
      cut_bytes_delta: 0,
    }
    const more = {
      interval_seconds: 30,
      totals: {
        incoming: totals,
        outgoing: { ...totals, rows: 1, cut_rows: 0, conn_count: 3, total_bytes_delta: 300 },
      },
      findings: [
        { id: "reset-storm", severity: "warn" },
        { id: "conntrack-full", severity: "crit", culprit: "nginx" },
      ],
      events: [{ at: "2026-03-08T10:00:00+01:00", kind: "start" }],
    }
    expect(measure(lineOf({ at: clockAt(0), in: [web, web], out: [web], more }))).toMatchObject({
      rowsIn: 2,
      rowsOut: 1,
      connections: 2_003,
      bytesPerSecond: 30,
      intervalSeconds: 30,
      findings: ["crit conntrack-full", "warn reset-storm"],
      events: [{ kind: "start" }],
    })
  })

  test.each([
    ["torn", line.slice(0, 300)],
    ["half a line with a whole one glued to it", line.slice(0, 300) + line],
    ["two on one line", line + line],
    ["no JSON", "hello"],
    ["another object", '{"captured_at":"2026-03-08T10:00:00+01:00"}'],
    ["of the year 1", line.replace("2026-03-08T10", "0001-01-01T00")],
    ["of the year 9999", line.replace("2026-03-08T10", "9999-01-01T00")],
    ["of no time", line.replace("2026-03-08T10", "2026-13-08T10")],
    ["a text for a number", line.replace('"top_limit_per_side":500', '"top_limit_per_side":"500"')],
  ])("is nothing of one that is %s", (_, text) => expect(measure(text)).toBeUndefined())

  test("is nothing of bytes that are no text", () => {
    const bytes = Buffer.from(line)
    bytes[bytes.indexOf("nginx")] = 0xff
    expect(readLineBytes(bytes)).toBeUndefined()
  })

  test("keeps to its bounds where a file says anything", () => {
    const facts = measure(
      line.replace(/"conn_count":3/g, '"conn_count":-3').replace('"sample_seconds":30', '"sample_seconds":-1'),
    )
    expect([facts?.connections, facts?.bytesPerSecond]).toEqual([0, Number.NaN])
  })

  test("agrees with the whole line, over files of the Go program", () => {
    for (const name of ["recorded", "edge-cases"]) {
      const bytes = fixture(name)
      eachLine(bytes, 0, bytes.length, (start, end) => {
        const whole = readLineBytes(bytes.subarray(start, end))
        const facts = measureLine(bytes, start, end)
        expect(facts?.rowsIn).toBe(whole?.incoming_groups?.length as number)
        expect(facts?.rowsOut).toBe(whole?.outgoing_groups?.length as number)
      })
    }
  })
})

const indexOf = (text: string) => {
  const bytes = Buffer.from(text)
  const index = createLineIndex()
  eachLine(bytes, 0, bytes.length, (start, end) => addLine(index, start, end - start, measureLine(bytes, start, end)))
  return index
}

describe("the index beside a closed day", () => {
  const mark = { size: 1_000, modifiedMs: 7 }
  const index = indexOf(
    `${[
      ...[0, 1, 2].map((i) =>
        lineOf({ at: clockAt(i), in: [web], more: i === 1 ? { findings: [{ id: "a", severity: "crit" }] } : {} }),
      ),
      "{broken",
    ].join("\n")}\n`,
  )

  test("gives back what was written", () => {
    const read = readSideIndex(writeSideIndex(index, mark), mark)!
    for (const name of ["at", "offset", "bytes", "rowsIn", "findings", "bytesPerSecond"] as const)
      expect([...read.lines[name].subarray(0, 3)]).toEqual([...index.lines[name].subarray(0, 3)])
    expect([read.lines.length, read.corrupt, read.findings.list]).toEqual([3, 1, [[], ["crit a"]]])
  })

  test.each([
    ["of a file of another size", { ...mark, size: 1_001 }],
    ["of another time", { ...mark, modifiedMs: 8 }],
  ])("is none when it is %s", (_, other) => expect(readSideIndex(writeSideIndex(index, mark), other)).toBeUndefined())

  test("is none when it was cut anywhere, has more behind it, or says what cannot be", () => {
    const bytes = writeSideIndex(index, mark)
    for (let at = 0; at < bytes.length; at++) expect(readSideIndex(bytes.subarray(0, at), mark)).toBeUndefined()
    expect(readSideIndex(Buffer.concat([bytes, Buffer.alloc(8)]), mark)).toBeUndefined()
    const text = Buffer.from(bytes).toString("latin1")
    for (const [from, to] of [
      ['"version":1', '"version":2'],
      ['"lines":3', '"lines":4'],
      ['"lines":3', '"lines":999999999999'],
      ['[],["crit a"]', '["a"],["crit a"]'],
      ["[],", ""],
    ] as const)
      expect(readSideIndex(Buffer.from(text.replace(from, to), "latin1"), mark)).toBeUndefined()
  })
})

describe("a search sees the same in the bytes as in the line", () => {
  const peers = [
    "203.0.113.7",
    "10.0.0.1",
    "2001:db8::1",
    "2001:0db8:0000:0000:0000:0000:0000:0001",
    "::ffff:10.0.0.1",
    "*",
    "",
  ]
  const names = ["nginx", "NGINX", "ct/nat", "-", "käse", 'a"b', "\\", "\u001b[31m", "__proto__", "<b>"]
  const rows = fc.array(
    fc.record({
      peer: fc.constantFrom(...peers),
      port: fc.constantFrom(0, 22, 443, 4430),
      process: fc.constantFrom(...names),
      unit: fc.constantFrom(undefined, "nginx.service", "docker/4f0c"),
    }),
    { maxLength: 6 },
  )
  const queries = [
    "nginx",
    "443",
    ":22",
    "10.0.0.0/8",
    "2001:db8::/32",
    "::/0",
    "service",
    "käse",
    '"',
    "proto",
    "10.0",
    "4f0C",
  ]

  test("whatever rows there are", () => {
    fc.assert(
      fc.property(rows, rows, fc.constantFrom(...queries), (ins, outs, text) => {
        const given = (all: typeof ins) => all.map(({ unit, ...row }) => (unit === undefined ? row : { ...row, unit }))
        const bytes = Buffer.from(lineOf({ at: clockAt(0), in: given(ins), out: given(outs) }))
        const matcher = matcherOf(parseQuery(text, undefined)!)
        const slow = { onRow: matcher.onRow }
        expect(matchLine(bytes, 0, bytes.length, matcher)).toEqual(matchLine(bytes, 0, bytes.length, slow))
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ["443", "port"],
    [":443", "port"],
    ["65536", "text"],
    ["0", "text"],
    ["10.0.0.0/8", "network"],
    ["::1", "network"],
    ["10.0.0", "text"],
    ["sshd", "text"],
  ])("%s is a %s", (text, kind) => expect(parseQuery(text, undefined)?.kind).toBe(kind as "text"))
})
