/** What a line keeps of a diagnosis, and what a reader makes of it. */
import { expect, test } from "bun:test"
import type { Diagnosis, Finding } from "../../../src/core/diagnosis/finding.ts"
import { findingsForRecord, recordedDiagnosis } from "../../../src/core/diagnosis/recorded.ts"
import { rules } from "../../../src/core/diagnosis/rules/index.ts"

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  severity: "warn",
  confidence: "high",
  title: rules.find((rule) => rule.id === id)!.title,
  since: 1,
  evidence: [],
  culprit: { netns: "host" },
  meaning: "",
  next: [],
  symptoms: [],
  clearsWhen: "",
  ...more,
})
const diagnosis = (...findings: Finding[]): Diagnosis => ({ at: 9, level: "crit", findings, unknown: [], recent: [] })
const options = { rules, since: () => 5 }

test("a cause keeps its culprit, its figures and what it explains", () => {
  const symptom = finding("path-loss", { symptoms: [finding("bufferbloat")] })
  const cause = finding("accept-queue-overflow", {
    severity: "crit",
    culprit: { netns: "pod1", process: "api", pid: 7, port: 443 },
    evidence: ["ListenOverflows 1 → 9"],
    symptoms: [symptom, finding("path-loss")],
  })
  const kept = findingsForRecord(diagnosis(cause, finding("no-route")))
  expect(kept).toEqual([
    {
      id: "accept-queue-overflow",
      severity: "crit",
      culprit: "api (pid 7), port 443, namespace pod1",
      netns: "pod1",
      evidence: ["ListenOverflows 1 → 9"],
      explains: ["path-loss", "bufferbloat"],
    },
    { id: "no-route", severity: "warn", culprit: "host-wide" },
  ])
  const read = recordedDiagnosis({ at: 9, level: "crit", findings: kept }, options)
  expect(read.findings.map(({ id, evidence, culprit, symptoms }) => [id, evidence, culprit, symptoms.length])).toEqual([
    [
      "accept-queue-overflow",
      ["ListenOverflows 1 → 9"],
      { netns: "pod1", words: "api (pid 7), port 443, namespace pod1" },
      2,
    ],
    ["no-route", [], { netns: "host", words: "host-wide" }, 0],
  ])
  expect(read.findings[0]!.symptoms[0]!.title).toBe(symptom.title)
})

test("of an older line, which has kind and severity alone, the rest is the reader's own", () => {
  const [only] = recordedDiagnosis(
    { at: 9, level: "ok", findings: [{ id: "made-up", severity: "crit" }] },
    options,
  ).findings
  expect(only).toMatchObject({
    id: "made-up",
    title: "made-up",
    severity: "crit",
    symptoms: [],
    evidence: [],
    since: 5,
  })
})
