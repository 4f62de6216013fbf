import { describe, expect, test } from "bun:test"
import { diagnose, initialDiagnosisState, RECENT_MS } from "../../../src/core/diagnosis/diagnose.ts"
import type { Diagnosis } from "../../../src/core/diagnosis/finding.ts"
import { CHANGES_MAX } from "../../../src/core/diagnosis/history.ts"
import { rules } from "../../../src/core/diagnosis/rules/index.ts"
import { missing, reading } from "../../../src/core/sample/sample.ts"
import { type EvidenceSpec, evidenceOf, rule } from "../../support/evidence.ts"

/** The diagnosis after each window of a series, a second apart unless the window says otherwise. */
function watch(series: readonly EvidenceSpec[]) {
  let state = initialDiagnosisState
  let at = 1_000_000
  const all: Diagnosis[] = []
  for (const spec of series) {
    at += spec.elapsedMs ?? 1_000
    const judged = diagnose(evidenceOf({ at, ...spec }), state, { rules })
    state = judged.state
    all.push(judged.diagnosis)
  }
  return { last: all.at(-1)!, all, state }
}

const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id)
const twice = (spec: EvidenceSpec) => [spec, spec]

const overflow: EvidenceSpec = {
  rises: { "TcpExt.ListenOverflows": 30 },
  survey: { fullListeners: [{ process: "api", pid: 7, port: 80, queued: 129, backlog: 128 }] },
}
const descriptors = { descriptors: reading([{ pid: 7, process: "api", openCount: 1_024, openMax: 1_024 }]) }

describe("what is found", () => {
  test("nothing on a host where nothing happens", () => {
    const { last } = watch(twice({}))
    expect(ids(last)).toEqual([])
    expect(last.level).toBe("ok")
  })

  test("says who, why, what next and since when", () => {
    const [finding] = watch(twice(overflow)).last.findings
    expect(finding).toMatchInlineSnapshot(`
      {
        "clearsWhen": "no connection has been turned away and no queue is full for two looks",
        "confidence": "high",
        "culprit": {
          "netns": "host",
          "pid": 7,
          "port": 80,
          "process": "api",
        },
        "evidence": [
          "TcpExt.ListenOverflows 1,000 → 1,030 (30/s)",
          "129 connections wait to be accepted, the backlog is 128",
        ],
        "id": "accept-queue-overflow",
        "meaning": "Clients have connected, and the program that listens does not take their connections. Its queue is full, so the kernel ignores new ones, which clients see as a connection that hangs.",
        "next": [
          "look at the program's CPU, threads and garbage collection: it is not calling accept()",
          "ss -ltn 'sport = :80' shows the queue (Recv-Q) and the backlog (Send-Q)",
          "then raise the backlog in the program and net.core.somaxconn, and restart it",
        ],
        "severity": "crit",
        "since": 1000000,
        "symptoms": [],
        "title": "A program does not accept its connections",
      }
    `)
  })

  test("several at once, critical first, then by importance", () => {
    const { last } = watch(
      twice({
        ...overflow,
        clock: reading({ isKept: true, offsetUs: 80_000 }),
        conntrack: reading({ count: 72, max: 100 }),
      }),
    )
    expect(last.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      "crit accept-queue-overflow",
      "warn conntrack-near-full",
      "warn clock-wrong",
    ])
    expect(last.level).toBe("crit")
  })

  test("in the namespace where it is", () => {
    const { last } = watch(twice({ others: [{ netns: "pod-7", ...overflow } as never] }))
    expect(last.findings.map(({ id, culprit }) => [id, culprit.netns])).toEqual([["accept-queue-overflow", "pod-7"]])
    // What ss says on the host is of another namespace.
    const inside = { others: [{ netns: "pod-7", ...overflow } as never] }
    const anonymous = { others: [{ netns: "pod-7", rises: { "TcpExt.ListenOverflows": 30 } } as never] }
    const firstStep = (spec: EvidenceSpec) => watch(twice(spec)).last.findings[0]!.next[0]
    expect(firstStep(inside)).toBe("run commands in network namespace pod-7: nsenter -t 7 -n COMMAND")
    expect(firstStep(anonymous)).toBe("run commands in network namespace pod-7")
    expect(firstStep(overflow)).not.toContain("namespace")
  })
})

describe("causes stand above symptoms", () => {
  test("what follows from another is shown beneath it, and counts for how bad that is", () => {
    const { last } = watch(twice({ ...overflow, ...descriptors }))
    expect(ids(last)).toEqual(["descriptor-limit"])
    expect(last.findings[0]!.symptoms.map(({ id }) => id)).toEqual(["accept-queue-overflow"])
  })

  test("not across processes that are known to be different", () => {
    const other = { descriptors: reading([{ pid: 8, process: "db", openCount: 1_024, openMax: 1_024 }]) }
    expect(ids(watch(twice({ ...overflow, ...other })).last)).toEqual(["descriptor-limit", "accept-queue-overflow"])
  })

  test("not across namespaces", () => {
    const synSent = { count: 9, worst: { count: 9, peer: "192.0.2.1", peerPort: 5432 } }
    const { last } = watch(twice({ ...overflow, others: [{ netns: "pod-7", survey: { synSent } }] }))
    expect(ids(last)).toEqual(["accept-queue-overflow", "upstream-unreachable"])
  })

  test("the relations of all rules name rules there are, and lead in no circle", () => {
    const byId = new Map(rules.map((each) => [each.id, each]))
    const reach = (id: string, path: readonly string[]): void => {
      expect(path).not.toContain(id)
      for (const entry of byId.get(id)!.explains) {
        const other = typeof entry === "string" ? entry : entry.id
        expect(byId.has(other)).toBe(true)
        reach(other, [...path, id])
      }
    }
    for (const { id } of rules) reach(id, [])
  })
})

describe("what cannot be known", () => {
  test("is unknown, and never fine", () => {
    const { last } = watch(twice({ clock: missing("cannot read the clock") }))
    expect(last.unknown).toContainEqual({ id: "clock-wrong", reason: "cannot read the clock" })
    expect(last.level).toBe("ok")
  })

  test("health is unknown without sockets or without counters", () => {
    expect(watch(twice({ socketsReading: missing("no") })).last.level).toBe("unknown")
    expect(watch(twice({ counters: missing("no /proc") })).last.level).toBe("unknown")
  })

  test("a counter that was reset makes its window unknown, and raises nothing", () => {
    const reset = evidenceOf({}).scopes[0]!.counters
    if (!reset.ok) throw new Error("built wrong")
    const { ListenOverflows: _, ...others } = reset.value.before.TcpExt!
    const counters = reading({ now: reset.value.now, before: { ...reset.value.before, TcpExt: others } })
    const { last } = watch([overflow, { counters }, overflow])
    expect(ids(last)).toEqual([])
  })

  test("a finding stands through a window without a value", () => {
    const { last } = watch([...twice(overflow), { counters: missing("busy") }])
    expect(ids(last)).toEqual(["accept-queue-overflow"])
    expect(last.unknown.map(({ id }) => id)).toContain("accept-queue-overflow")
  })
})

describe("what was there a moment ago", () => {
  test("a burst of one window is no finding, and told of for five minutes", () => {
    const { last, state } = watch([overflow, {}])
    expect(ids(last)).toEqual([])
    expect(last.level).toBe("ok")
    expect(last.recent.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["crit accept-queue-overflow"])
    const later = (ms: number) => diagnose(evidenceOf({ at: last.at + ms }), state, { rules }).diagnosis.recent
    expect(later(RECENT_MS - 2_000)).toHaveLength(1)
    expect(later(RECENT_MS + 1_000)).toHaveLength(0)
  })

  test("a finding that ended is told of, and one that stands is not told of twice", () => {
    expect(watch(twice(overflow)).last.recent).toEqual([])
    expect(watch([...twice(overflow), ...twice({})]).last.recent.map(({ id }) => id)).toEqual(["accept-queue-overflow"])
  })
})

describe("the history", () => {
  test("one entry from when it was raised until it ended", () => {
    const { state } = watch([...twice(overflow), overflow, ...twice({}), {}])
    expect(state.changes).toMatchObject([
      { id: "accept-queue-overflow", severity: "crit", firstSeen: 1_000_000, lastSeen: 1_004_000, isStanding: false },
    ])
  })

  test("the same again is another entry; at most twenty are kept", () => {
    const episode = [...twice(overflow), ...twice({})]
    const { state } = watch(Array.from({ length: 25 }, () => episode).flat())
    expect(state.changes).toHaveLength(CHANGES_MAX)
    expect(state.changes[0]!.firstSeen).toBeGreaterThan(state.changes[1]!.firstSeen)
  })
})

describe("the operator's file", () => {
  test("moves the limits of a rule", () => {
    const high = { ...overflow, thresholds: rule("accept-queue-overflow", { warn: 40, crit: 80 }) }
    expect(ids(watch(twice(high)).last)).toEqual([])
  })

  test("switches a rule off", () => {
    const off = { ...overflow, thresholds: rule("accept-queue-overflow", { enabled: false }) }
    expect(ids(watch(twice(off)).last)).toEqual([])
  })
})

test("no two rules have one id, and each speaks in whole sentences", () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const { meaning, next, title } of rules) {
    expect(meaning.match(/[.!?](\s|$)/g)?.length).toBe(2)
    expect(next.length).toBeGreaterThanOrEqual(1)
    expect(next.length).toBeLessThanOrEqual(3)
    expect(title.length).toBeLessThanOrEqual(60)
  }
})

test("who it is is kept while it stands, though one window does not show it", () => {
  const { survey: _, ...anonymous } = overflow
  const [finding] = watch([overflow, anonymous]).last.findings
  expect(finding!.culprit).toMatchObject({ process: "api", pid: 7, port: 80 })
})
