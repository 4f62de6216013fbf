/** docs/snapshot-format.md is the contract: every key that is written stands in it, with its type, and no other. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  eventSchema,
  findingSchema,
  healthSchema,
  lineSchema,
  othersSchema,
  rowSchema,
  SCHEMA,
  sideTotalsSchema,
} from "../../../src/core/snapshot/schema.ts"

const text = readFileSync(join(import.meta.dir, "../../../docs/snapshot-format.md"), "utf8")

/** Keys and types of the first table under a heading. */
function table(heading: string): Record<string, string> {
  const section = text.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!
  return Object.fromEntries([...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, key, type]) => [key!, type!]))
}

interface Schema {
  readonly type: string
  readonly wrapped?: Schema
  readonly pipe?: readonly Schema[]
  readonly entries?: Readonly<Record<string, Schema>>
}

/** The word for a schema in the document. */
function typeOf(schema: Schema): string {
  if (schema.wrapped !== undefined) return typeOf(schema.wrapped)
  const actions = schema.pipe?.map(({ type }) => type) ?? []
  if (actions.includes("integer")) return "integer"
  if (actions.includes("regex")) return "time"
  const entries = Object.keys(schema.entries ?? {})
  if (entries.join() === "incoming,outgoing") return "sides"
  return { string: "text", array: "list", record: "counts", loose_object: "object" }[schema.type] ?? schema.type
}

const keys = (schema: { readonly entries: object }) =>
  Object.fromEntries(Object.entries(schema.entries as Record<string, Schema>).map(([key, each]) => [key, typeOf(each)]))

test.each([
  ["The line", { ...keys(lineSchema), incoming_groups: "rows", outgoing_groups: "rows" }],
  ["A row", keys(rowSchema)],
  ["`totals`", keys(sideTotalsSchema)],
  ["`health`", keys(healthSchema)],
  ["`findings`", keys(findingSchema)],
  ["`events`", keys(eventSchema)],
])("%s", (heading, expected) => expect(table(heading)).toEqual(expected))

test("others are a row's sums", () => {
  const sums = Object.keys(rowSchema.entries).filter((key) => /^(conn_count|total_|[tr]x_)/.test(key))
  expect(Object.keys(othersSchema.entries)).toEqual(["rows", ...sums, "states"])
})

test("the number of the format, and every kind of event", () => {
  expect(text).toContain(`number of this format: ${SCHEMA} |`)
  const worker = readFileSync(join(import.meta.dir, "../../../src/shell/daemon/worker.ts"), "utf8")
  const writer = readFileSync(join(import.meta.dir, "../../../src/shell/files/segment-writer.ts"), "utf8")
  const kinds = [...`${worker}${writer}`.matchAll(/(?:happened\(|kind: |\? |: )"([a-z]+(?:-[a-z]+)*)"(?=[,) ])/g)].map(
    ([, kind]) => kind!,
  )
  const events = kinds.filter((kind) => !["disk full", "midnight"].includes(kind))
  expect(events.length).toBeGreaterThan(10)
  for (const kind of events) expect(text).toContain(`\`${kind}\``)
})
