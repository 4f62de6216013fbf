/** The verdicts on captures built packet by packet: each rule at its edges, and what must not be called wrong. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { TraceContext } from "../../../src/core/trace/facts.ts"
import { judgeTrace } from "../../../src/core/trace/judge.ts"
import { traceRules } from "../../../src/core/trace/rules/index.ts"
import { sequenceLines } from "../../../src/core/trace/sequence.ts"
import { createTraceReader } from "../../../src/core/trace/trace.ts"
import * as make from "../../support/packets.ts"

const START_US = 1_700_000_000_000_000
const US = "10.0.0.1"
const PEER = "10.0.0.2"

interface Step {
  /** Seconds since the beginning. */
  at: number
  bytes: Uint8Array
}

const live: TraceContext = {
  peer: PEER,
  port: 443,
  interfaceName: "eth0",
  hasBothDirections: true,
  hasWholeConversations: true,
}

function judge(steps: readonly Step[], context: Partial<TraceContext> = {}, linkType: number = make.linkTypes.raw) {
  const reader = createTraceReader()
  reader.push(
    make.pcap(
      steps.map(({ at, bytes }) => ({ bytes, atUs: START_US + Math.round(at * 1e6) })),
      { linkType },
    ),
  )
  reader.end()
  const verdict = judgeTrace(reader.trace, { ...live, ...context }, reader.problem)
  return { trace: reader.trace, verdict, ids: verdict.findings.map(({ id }) => id), first: verdict.findings[0] }
}

/** A packet of ours, or of the peer's. */
const out = (at: number, spec: make.SegmentSpec): Step => ({ at, bytes: make.segment({ from: US, to: PEER, ...spec }) })
const into = (at: number, spec: make.SegmentSpec): Step => {
  const { fromPort = 443, toPort = 40_000, ...rest } = spec
  return { at, bytes: make.segment({ from: PEER, to: US, fromPort, toPort, ...rest }) }
}

const handshake = (at = 0, port = 40_000): Step[] => [
  out(at, { fromPort: port, flags: "S", seq: 100, options: make.mss(1460) }),
  into(at + 0.01, { toPort: port, flags: "S.", seq: 500, ack: 101, options: make.mss(1460) }),
  out(at + 0.02, { fromPort: port, flags: ".", seq: 101, ack: 501 }),
]
const request = (at = 0.03): Step[] => [
  out(at, { flags: "P.", seq: 101, ack: 501, payload: 100 }),
  into(at + 0.01, { flags: "P.", seq: 501, ack: 201, payload: 200 }),
  out(at + 0.02, { flags: ".", seq: 201, ack: 701 }),
]
const close = (at = 0.1): Step[] => [
  out(at, { flags: "F.", seq: 201, ack: 701 }),
  into(at + 0.01, { flags: "F.", seq: 701, ack: 202 }),
  out(at + 0.02, { flags: ".", seq: 202, ack: 702 }),
]
const syns = (count: number, port = 40_000) =>
  Array.from({ length: count }, (_, i) => out(2 ** i - 1, { fromPort: port, flags: "S", seq: 100 + port }))

describe("a healthy exchange", () => {
  const healthy = [...handshake(), ...request(), ...close()]
  test("has no finding", () => {
    const { verdict, ids } = judge(healthy)
    expect(ids).toEqual([])
    expect(verdict.summary).toBe("Nothing is wrong in what was captured")
    expect(verdict.notes).toEqual(["this host (10.0.0.1:40000) closed first, after 0.1 s, in good order (packet 7)"])
  })

  test("is drawn with its times", () => {
    const { trace } = judge(healthy)
    expect(`\n${sequenceLines(trace, trace.conversations[0]!).join("\n")}`).toMatchInlineSnapshot(`
      "
                    10.0.0.1:40000  10.0.0.2:443
          +0.000 ms ├ [S] ─────────────────────▶ #1
         +10.000 ms ◀──────────────────── [S.] ┤ #2
         +20.000 ms ├ [.] ─────────────────────▶ #3
         +30.000 ms → 100 bytes in 2  ← 200 bytes in 1 20.000 ms
        +100.000 ms ├ [F.] ────────────────────▶ #7
        +110.000 ms ◀──────────────────── [F.] ┤ #8
        +120.000 ms ├ [.] ─────────────────────▶ #9"
    `)
  })

  test("is healthy from the other side, in IPv6, and without knowing who is who", () => {
    expect(judge(healthy, { peer: US, port: 40_000 }).ids).toEqual([])
    expect(judge(healthy, { peer: undefined as never }).ids).toEqual([])
  })

  test("with ECN in its handshake is one", () => {
    const { trace, ids } = judge([
      out(0, { flags: "SEW", seq: 100 }),
      into(0.01, { flags: "S.E", seq: 500, ack: 101 }),
      out(0.02, { seq: 101, ack: 501 }),
      ...request(),
      ...close(),
    ])
    expect([trace.counts.syn, trace.counts.synAck, ids]).toEqual([1, 1, []])
  })

  test("across the end of the sequence space is one", () => {
    const start = 0xffff_ff00
    const steps = [
      out(0, { flags: "S", seq: start }),
      into(0.01, { flags: "S.", seq: 500, ack: start + 1 }),
      out(0.02, { seq: start + 1, ack: 501 }),
      ...Array.from({ length: 10 }, (_, i) => [
        out(0.03 + i * 0.01, { flags: "P.", seq: (start + 1 + i * 100) >>> 0, ack: 501, payload: 100 }),
        into(0.035 + i * 0.01, { seq: 501, ack: (start + 101 + i * 100) >>> 0 }),
      ]).flat(),
    ]
    const { ids, trace } = judge(steps)
    expect(ids).toEqual([])
    expect(trace.conversations[0]!.sides[0]).toMatchObject({ retransmits: 0, lateFills: 0, reordered: 0 })
  })

  test("keeps its keep-alives", () => {
    const alive = [0, 1, 2, 3, 4].flatMap((i) => [
      out(10 + i, { seq: 200, ack: 701, payload: 1 }),
      into(10.01 + i, { seq: 701, ack: 201 }),
    ])
    expect(judge([...handshake(), ...request(), ...alive]).ids).toEqual([])
  })

  test("seen on two interfaces of one capture counts once", () => {
    const steps = healthy.flatMap(({ at, bytes }) => [
      { at, bytes: make.cooked2(bytes, 2) },
      { at: at + 0.00001, bytes: make.cooked2(bytes, 5) },
    ])
    const { trace, ids, verdict } = judge(steps, {}, make.linkTypes.cooked2)
    expect(ids).toEqual([])
    expect(trace.counts).toMatchObject({ copies: 9, syn: 1, fin: 2 })
    expect(verdict.notes[0]).toBe("9 packets passed a second interface of this host and count once")
  })

  test("on used-again ports is two conversations", () => {
    const again = [...handshake(5).map(({ at, bytes }) => ({ at, bytes }))]
    new DataView(again[0]!.bytes.buffer).setUint32(24, 9_000)
    expect(judge([...healthy, again[0]!]).trace.conversations).toHaveLength(2)
  })
})

describe("handshakes", () => {
  test.each([
    { syns: 1, ids: [], confidence: undefined, severity: undefined },
    { syns: 2, ids: ["syn-unanswered"], confidence: "medium", severity: "warn" },
    { syns: 3, ids: ["syn-unanswered"], confidence: "high", severity: "warn" },
  ])("$syns SYNs of one attempt", ({ syns: count, ids, confidence, severity }) => {
    const { first, ids: found } = judge(syns(count))
    expect(found).toEqual([...ids])
    expect([first?.confidence, first?.severity]).toEqual([confidence, severity] as never)
  })

  test("ten SYNs without an answer are critical", () => {
    const { first } = judge([40_000, 40_001, 40_002, 40_003].flatMap((port) => syns(3, port)))
    expect(first).toMatchObject({ id: "syn-unanswered", severity: "crit" })
  })

  test("one direction only proves nothing about answers", () => {
    const { ids, verdict } = judge(syns(4), { hasBothDirections: false })
    expect(ids).toEqual([])
    expect(verdict.notes).toContain("only one direction was captured: silence of the other proves nothing")
  })

  test("a SYN that arrives and is not answered is this host's doing", () => {
    const steps = [0, 1, 3].map((at) => into(at, { fromPort: 50_000, toPort: 443, flags: "S", seq: 7 }))
    expect(judge(steps).first!.meaning).toStartWith("The peer's SYN arrives at this host")
  })

  test("some answered, some not", () => {
    const { first, ids } = judge([...handshake(), ...request(), ...syns(3, 40_001)])
    expect(ids).toEqual(["handshakes-partly-answered"])
    expect(first!.evidence[0]).toBe("1 of 2 attempts (50.0%) were answered")
  })

  test("refused says who", () => {
    const { first } = judge([out(0, { flags: "S", seq: 100 }), into(0.001, { flags: "R.", ack: 101 })])
    expect(first).toMatchObject({
      id: "refused",
      evidence: ["peer 10.0.0.2:443 answered [S] with [R.] (packets 1, 2)"],
    })
  })

  test("an ICMP refusal says which", () => {
    const [syn] = syns(1)
    const icmp = {
      at: 0.01,
      bytes: make.icmpPacket({ from: "10.0.0.254", to: US, type: 3, code: 13, quoted: syn!.bytes.subarray(0, 28) }),
    }
    const { first, ids } = judge([syn!, icmp])
    expect(ids).toEqual(["unreachable"])
    expect(first!.evidence).toEqual([
      "10.0.0.254 told this host (10.0.0.1:40000) to peer 10.0.0.2:443: communication administratively prohibited (packet 2)",
    ])
  })

  test.each([
    [0.29, []],
    [0.31, ["slow-handshake"]],
  ])("answered after %p s", (delay, ids) => {
    const steps = [
      out(0, { flags: "S", seq: 100 }),
      into(delay, { flags: "S.", seq: 500, ack: 101 }),
      out(delay, { seq: 101, ack: 501 }),
    ]
    expect(judge(steps).ids).toEqual(ids)
  })

  test("[S.] that nobody acknowledges", () => {
    const steps = [
      into(0, { fromPort: 50_000, toPort: 443, flags: "S", seq: 7 }),
      ...[0.001, 1, 3].map((at) => out(at, { fromPort: 443, toPort: 50_000, flags: "S.", seq: 9, ack: 8 })),
    ]
    expect(judge(steps).ids).toEqual(["syn-ack-unanswered"])
  })
})

describe("resets", () => {
  const resets = (count: number, packets: number) => {
    const steps: Step[] = []
    for (let i = 0; i < count; i++) {
      const port = 41_000 + i
      steps.push(...handshake(i * 0.1, port), into(i * 0.1 + 0.05, { toPort: port, flags: "R.", seq: 501, ack: 101 }))
    }
    while (steps.length < packets) steps.push(out(5, { fromPort: 50_000, seq: 1, ack: 1 }))
    return steps
  }
  test.each([
    { resets: 4, packets: 20, severity: undefined },
    { resets: 5, packets: 26, severity: undefined },
    { resets: 5, packets: 25, severity: "warn" },
    { resets: 20, packets: 80, severity: "crit" },
  ])("$resets of $packets", ({ resets: count, packets, severity }) => {
    const pressure = judge(resets(count, packets)).verdict.findings.find(({ id }) => id === "reset-pressure")
    expect(pressure?.severity).toBe(severity as never)
  })

  test("after silence is a state that was forgotten", () => {
    const { first } = judge([
      ...handshake(),
      ...request(),
      out(400, { flags: "P.", seq: 201, ack: 701, payload: 10 }),
      into(400.001, { flags: "R", seq: 701 }),
    ])
    expect(first).toMatchObject({
      id: "connection-reset",
      evidence: ["peer 10.0.0.2:443 sent [R] to this host (10.0.0.1:40000) after silence of 400 s (packet 8)"],
    })
  })

  test("a reset behind a finished close is no finding", () => {
    expect(judge([...handshake(), ...request(), ...close(), into(0.2, { flags: "R", seq: 702 })]).ids).toEqual([])
  })
})

describe("delivery", () => {
  const data = (from: number, count: number, size = 1_000) =>
    Array.from({ length: count }, (_, i) => [
      out(1 + i * 0.01, { flags: ".", seq: from + i * size, ack: 501, payload: size, id: 100 + i }),
      into(1.005 + i * 0.01, { seq: 501, ack: from + (i + 1) * size }),
    ]).flat()

  test.each([
    { again: 2, ids: [] },
    { again: 3, ids: ["retransmissions"] },
  ])("$again segments sent again", ({ again, ids }) => {
    const steps = data(101, 50)
    for (let i = 0; i < again; i++)
      steps.splice(
        i * 10 + 1,
        0,
        out(1 + i * 0.05 + 0.004, { flags: ".", seq: 101 + i * 5_000, ack: 501, payload: 1_000 }),
      )
    const sorted = steps.toSorted((a, b) => a.at - b.at)
    expect(judge([...handshake(), ...sorted]).ids).toEqual([...ids])
  })

  test("one segment sent again by each of many senders is told of them together", () => {
    const steps = [1, 2, 3].flatMap((i) => {
      const from = `10.0.1.${i}`
      const spec = { from, to: PEER, flags: "P.", seq: 101, ack: 501, payload: 100 }
      return [
        { at: i, bytes: make.segment(spec) },
        { at: i + 0.3, bytes: make.segment(spec) },
      ]
    })
    const { first } = judge(steps, { peer: undefined as never })
    expect(first).toMatchObject({ id: "retransmissions", title: "Retransmissions from many senders" })
    expect(first!.evidence[0]).toBe(
      "many senders: 3 of 6 data packets (50.0%) sent again, 3 seen before (packets 2, 4, 6)",
    )
  })

  test("what fills a gap was lost before this point", () => {
    const steps: Step[] = []
    for (let i = 0; i < 5; i++) {
      const base = 501 + i * 3_000
      steps.push(into(1 + i, { flags: ".", seq: base, ack: 101, payload: 1_000 }))
      steps.push(into(1.01 + i, { flags: ".", seq: base + 2_000, ack: 101, payload: 1_000 }))
      steps.push(out(1.011 + i, { seq: 101, ack: base + 1_000, options: make.sack(base + 2_000, base + 3_000) }))
      steps.push(into(1.2 + i, { flags: ".", seq: base + 1_000, ack: 101, payload: 1_000 }))
      steps.push(out(1.21 + i, { seq: 101, ack: base + 3_000 }))
    }
    const { first, trace } = judge([...handshake(), ...steps])
    expect(first).toMatchObject({ id: "retransmissions", title: "Retransmissions from peer 10.0.0.2" })
    expect(first!.meaning).toContain("are lost before they come here")
    expect(trace.conversations[0]!.sides[1]).toMatchObject({ lateFills: 5, retransmits: 0, reordered: 0 })
  })

  test("what comes a moment late was reordered", () => {
    const steps: Step[] = []
    for (let i = 0; i < 5; i++) {
      const base = 501 + i * 2_000
      steps.push(into(1 + i, { flags: ".", seq: base + 1_000, ack: 101, payload: 1_000 }))
      steps.push(into(1.001 + i, { flags: ".", seq: base, ack: 101, payload: 1_000 }))
      steps.push(out(1.002 + i, { seq: 101, ack: base + 2_000 }))
    }
    const { ids, trace } = judge([...handshake(), ...steps])
    expect(ids).toEqual([])
    expect(trace.conversations[0]!.sides[1].reordered).toBe(5)
  })

  const stuck = (size: number) =>
    [0, 0.2, 0.6, 1.4, 3].map((at) => out(1 + at, { flags: ".", seq: 201, ack: 701, payload: size }))

  test.each([
    { size: 1_448, ids: ["mtu-black-hole"] },
    { size: 1_200, ids: ["mtu-black-hole"] },
    { size: 1_199, ids: ["one-way-traffic"] },
    { size: 10, ids: ["one-way-traffic"] },
  ])("$size bytes sent again and again after smaller ones passed", ({ size, ids }) => {
    expect(judge([...handshake(), ...request(), ...stuck(size)]).ids).toEqual([...ids])
  })

  test("segments of that size that passed before, and the path is closed", () => {
    const large = [out(0.5, { flags: ".", seq: 201, ack: 701, payload: 1_448 }), into(0.51, { seq: 701, ack: 1_649 })]
    const again = [0, 0.2, 0.6, 1.4].map((at) => out(1 + at, { flags: ".", seq: 1_649, ack: 701, payload: 1_448 }))
    expect(judge([...handshake(), ...request(), ...large, ...again]).ids).toEqual(["one-way-traffic"])
  })

  test("a router that asks for smaller packets and is obeyed is a warning", () => {
    const big = out(1, { flags: ".", seq: 201, ack: 701, payload: 1_448 })
    const icmp = {
      at: 1.01,
      bytes: make.icmpPacket({ to: US, type: 3, code: 4, value: 1_300, quoted: big.bytes.subarray(0, 28) }),
    }
    const rest = [out(1.02, { flags: ".", seq: 201, ack: 701, payload: 1_248 }), into(1.03, { seq: 701, ack: 1_449 })]
    const { ids, first } = judge([...handshake(), ...request(), big, icmp, ...rest])
    expect(ids).toEqual(["fragmentation-needed"])
    expect(first!.evidence).toEqual(["10.0.0.254 told this host (10.0.0.1:40000): at most 1300 bytes (packet 8)"])
  })

  test.each([
    { seconds: 0.05, severity: undefined },
    { seconds: 0.5, severity: "warn" },
    { seconds: 2, severity: "crit" },
  ])("a window that is closed for $seconds s", ({ seconds, severity }) => {
    const steps = [into(1, { seq: 701, ack: 201, window: 0 }), into(1 + seconds, { seq: 701, ack: 201, window: 500 })]
    const { first } = judge([...handshake(), ...request(), ...steps])
    expect(first?.severity).toBe(severity as never)
  })

  test("only one end is heard", () => {
    const steps = [0, 1, 2].map((at) => ({
      at,
      bytes: make.datagramPacket({ from: US, to: PEER, toPort: 514, payload: 10 }),
    }))
    expect(judge(steps).first).toMatchObject({ id: "one-way-traffic", severity: "warn", confidence: "low" })
  })
})

describe("closing", () => {
  test("a server that answers nothing and closes", () => {
    const { first } = judge([
      ...handshake(),
      out(0.03, { flags: "P.", seq: 101, ack: 501, payload: 50 }),
      into(0.1, { flags: "F.", seq: 501, ack: 151 }),
    ])
    expect(first).toMatchObject({
      id: "closed-early",
      evidence: ["peer 10.0.0.2:443 closed with [F.] and left packet 4 unanswered (packet 5)"],
    })
  })
  test("an end that does not close after the other did", () => {
    const steps = [into(1, { flags: "F.", seq: 701, ack: 201 }), out(1.001, { seq: 201, ack: 702 })]
    const { first } = judge([...handshake(), ...request(), ...steps], { endUs: START_US + 8e6 })
    expect(first).toMatchObject({
      id: "half-closed",
      evidence: ["peer 10.0.0.2:443 closed (packet 7), this host (10.0.0.1:40000) has not for 7.0 s"],
    })
  })
  test("a client that closes after its answer is fine", () => {
    expect(judge([...handshake(), ...request(), ...close()]).ids).toEqual([])
  })
})

describe("neighbours", () => {
  const ask = (at: number) => ({ at, bytes: make.arp({ operation: 1, sender: US, target: PEER }) })
  test("ARP without a reply", () => {
    expect(judge([ask(0), ask(1), ask(2)], {}, 1).first).toMatchObject({
      id: "arp-unanswered",
      severity: "crit",
      confidence: "high",
    })
    expect(
      judge([ask(0), { at: 0.1, bytes: make.arp({ operation: 2, sender: PEER, target: US }) }], {}, 1).ids,
    ).toEqual([])
  })
})

describe("the capture itself", () => {
  test.each([
    { dropped: 0, packets: 90, severity: undefined },
    { dropped: 9, packets: 90, severity: "warn" },
    { dropped: 10, packets: 90, severity: "crit" },
    { dropped: 100, packets: 20_00, severity: "crit" },
  ])("$dropped dropped beside $packets", ({ dropped, packets, severity }) => {
    const steps = Array.from({ length: packets }, (_, i) => out(i * 0.001, { seq: 1, ack: 1 }))
    const found = judge(steps, { dropped }).verdict.findings.find(({ id }) => id === "capture-loss")
    expect(found?.severity).toBe(severity as never)
  })

  test("what rests on missing packets is less sure then, and says so", () => {
    const finding = judge(syns(3), { dropped: 1 }).verdict.findings.find(({ id }) => id === "syn-unanswered")!
    expect(finding.confidence).toBe("medium")
    expect(finding.evidence.at(-1)).toBe(
      "not safe: the capture lost 1 packet, which may be the ones that are missing here",
    )
  })

  test("an error is the first finding, and no packets are no finding then", () => {
    expect(judge([], { error: "The interface disappeared" }).ids).toEqual(["capture-failed"])
  })

  test("few packets are said to be few", () => {
    expect(judge([out(0, { seq: 1, ack: 1 })]).verdict.summary).toBe(
      "Too few packets (1) for a firm verdict; nothing is wrong in them",
    )
  })
})

test("no rule has the id of another", () => {
  const ids = traceRules.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test("whatever the packets are, a verdict is given and names only packets that are there", () => {
  const flags = fc.constantFrom("S", "S.", ".", "P.", "F.", "R", "R.", "FP.", "")
  const step = fc.record({
    flags,
    isOut: fc.boolean(),
    seq: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0xffff_f000, max: 0xffff_ffff })),
    ack: fc.integer({ min: 0, max: 5_000 }),
    window: fc.constantFrom(0, 500),
    payload: fc.constantFrom(0, 0, 1, 100, 1_448),
    gap: fc.constantFrom(0, 0.001, 0.3, 2, 40),
    port: fc.constantFrom(40_000, 40_001),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(3), (list, dropped) => {
      let at = 0
      const steps = list.map(({ isOut, gap, port, ...spec }) => {
        at += gap
        return isOut ? out(at, { ...spec, fromPort: port }) : into(at, { ...spec, toPort: port })
      })
      const { verdict, trace } = judge(steps, { dropped })
      for (const { evidence } of verdict.findings)
        for (const [, numbers] of evidence.join("\n").matchAll(/packets? ([\d, ]+)/g))
          for (const number of numbers!.split(",").map(Number)) expect(number).toBeLessThanOrEqual(list.length)
      for (const c of trace.conversations) {
        sequenceLines(trace, c)
        for (const side of c.sides) expect(side.holes.length).toBeLessThanOrEqual(16)
      }
    }),
    { numRuns: 500 },
  )
})
