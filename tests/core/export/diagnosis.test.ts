import { describe, expect, test } from "bun:test"
import type { Diagnosis, Finding } from "../../../src/core/diagnosis/finding.ts"
import { diagnosisJson } from "../../../src/core/export/diagnosis-json.ts"
import { diagnosisText, pagerLine } from "../../../src/core/export/diagnosis-text.ts"
import { cellWidth } from "../../../src/core/text/width.ts"

const AT = Date.UTC(2026, 2, 8, 5, 56, 30, 196)

const finding = (id: string, given: Partial<Finding> = {}): Finding => ({
  id,
  severity: "crit",
  confidence: "high",
  title: "A program does not accept its connections",
  since: AT - 4_000,
  evidence: ["TcpExt.ListenOverflows 120 → 180 (30/s)"],
  culprit: { netns: "host", process: "api", pid: 7, port: 8080, peer: "192.0.2.1", peerPort: 443 },
  meaning: "Clients have connected, and nobody takes them. They wait.",
  next: ["ss -ltn 'sport = :8080'", "look at the program"],
  symptoms: [],
  clearsWhen: "no connection has been turned away for two looks",
  ...given,
})

const diagnosis = (given: Partial<Diagnosis> = {}): Diagnosis => ({
  at: AT,
  level: "crit",
  findings: [
    finding("accept-queue-overflow", { symptoms: [finding("syn-flood", { symptoms: [finding("path-loss")] })] }),
  ],
  unknown: [{ id: "clock-wrong", reason: "cannot read the clock" }],
  recent: [],
  ...given,
})

const json = (given: Partial<Diagnosis> = {}) =>
  diagnosisJson({
    diagnosis: diagnosis(given),
    cost: { cpuMs: 12.4, rssBytes: 5_000, wallMs: 3_001.2 },
    offsetMinutes: 420,
  })

describe("as JSON", () => {
  test("one line, with every name that was promised", () => {
    expect(json()).toMatch(/^[^\n]+\n$/)
    expect(JSON.parse(json())).toMatchInlineSnapshot(`
      {
        "captured_at": "2026-03-08T12:56:30.196+07:00",
        "cost": {
          "cpu_ms": 12,
          "rss_bytes": 5000,
          "wall_ms": 3001,
        },
        "findings": [
          {
            "clears_when": "no connection has been turned away for two looks",
            "confidence": "high",
            "culprit": {
              "netns": "host",
              "peer": "192.0.2.1",
              "peer_port": 443,
              "pid": 7,
              "port": 8080,
              "process": "api",
            },
            "evidence": [
              "TcpExt.ListenOverflows 120 → 180 (30/s)",
            ],
            "explains": [
              "syn-flood",
              "path-loss",
            ],
            "id": "accept-queue-overflow",
            "meaning": "Clients have connected, and nobody takes them. They wait.",
            "next": [
              "ss -ltn 'sport = :8080'",
              "look at the program",
            ],
            "severity": "crit",
            "since": "2026-03-08T12:56:26.196+07:00",
            "title": "A program does not accept its connections",
          },
        ],
        "health": "crit",
        "unknown": [
          {
            "id": "clock-wrong",
            "reason": "cannot read the clock",
          },
        ],
      }
    `)
  })

  test("health is one of four words, and nothing found is an empty list", () =>
    expect(JSON.parse(json({ level: "unknown", findings: [] }))).toMatchObject({ health: "unknown", findings: [] }))

  test("a process may call itself anything", () => {
    const hostile = finding("x", { culprit: { netns: "host", process: "\u001b[31m\u202e</script>\n" } })
    expect(json({ findings: [hostile] })).toMatch(/^[\x20-\x7e→]+\n$/)
  })
})

describe("as text", () => {
  test("the first line is fit for a pager", () => {
    expect(pagerLine(diagnosis())).toBe(
      "CRIT accept-queue-overflow: A program does not accept its connections: api (pid 7), port 8080, peer 192.0.2.1 port 443",
    )
    const two = diagnosis({ findings: [finding("a"), finding("b")] })
    expect(pagerLine(two)).toEndWith("(+1 more)")
    expect(pagerLine(diagnosis({ level: "ok", findings: [] }))).toBe("OK no dominant issue")
    expect(pagerLine(diagnosis({ level: "unknown", findings: [] }))).toStartWith("UNKNOWN ")
  })

  test("the rest says why and what next", () => {
    const recent = [
      {
        id: "softnet-drops",
        title: "A CPU drops received packets",
        severity: "warn",
        netns: "host",
        lastSeen: AT - 61_000,
        evidence: [],
      },
    ] as const
    expect([...diagnosisText(diagnosis({ recent }), 72)].join("")).toMatchInlineSnapshot(`
      "CRIT accept-queue-overflow: A program does not accept its connections: api (pid 7), port 8080, peer 192.0.2.1 port 443

      CRIT A program does not accept its connections [accept-queue-overflow]
        who       api (pid 7), port 8080, peer 192.0.2.1 port 443
        how sure  high confidence, for 4s
        seen      TcpExt.ListenOverflows 120 → 180 (30/s)
        means     Clients have connected, and nobody takes them. They wait.
        next      ss -ltn 'sport = :8080'
        next      look at the program
        explains  A program does not accept its connections [syn-flood]
        explains  A program does not accept its connections [path-loss]
        clears    no connection has been turned away for two looks

      Recently:
        softnet-drops: A CPU drops received packets, 1m1s ago

      Not measured (1):
        clock-wrong: cannot read the clock
      "
    `)
  })

  test("nothing but the first line is wider than asked, and no word is lost", () => {
    for (const width of [40, 60, 80, 120]) {
      const [, ...lines] = [...diagnosisText(diagnosis(), width)].join("").split("\n")
      for (const line of lines.filter((each) => !/^(CRIT|WARN) /.test(each)))
        expect(cellWidth(line)).toBeLessThanOrEqual(width)
      expect(lines.join(" ").replace(/\s+/g, " ")).toContain(
        "Clients have connected, and nobody takes them. They wait.",
      )
    }
  })
})
