/** Traces on the screen: what the form asks for, how a trace is told while it runs, what came of it, and those of before. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { actionForPaste } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import { timers } from "../../src/core/app/timers.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { lineWidth } from "../../src/core/text/layer.ts"
import { plainText } from "../../src/core/text/line.ts"
import { apply, frame, look, overlayFrame, panelFrame, press, statusLine, typed, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import * as make from "../support/packets.ts"
import { FOLDER, form, into, out, PEER, prepared, type TraceSpec, trace, unanswered } from "../support/traces.ts"

const web = (width = 80, height = 24) => watching(width, height, webServer)
/** The form of the first row, with everything that is found out for it. */
const opened = (state: State = web()) => apply(press(state, "T").state, prepared())
const slice = (state: State) => state.slices["trace-packet"]
const front = (state: State) => state.overlays.at(-1)
const starts = (effects: readonly { readonly type: string }[]) => effects.filter(({ type }) => type === "trace/start")
const retyped = (text: string) => ["ctrl+u", ...typed(text)]
/** Sentences that a frame wraps, in one piece. */
const flowing = (text: string) => text.replace(/\s*│\n│\s*/g, " ")
/** Goes from the mode, where the form opens, to another field. */
const way = {
  peer: ["up", "up", "up"],
  port: ["up", "up"],
  interface: ["up"],
  mode: [],
  strategy: ["down"],
  direction: ["down", "down"],
  seconds: ["down", "down", "down"],
  packets: ["tab", "tab", "tab", "tab"],
  "snap-length": ["tab", "tab", "tab", "tab", "tab"],
  saved: ["tab", "tab", "tab", "tab", "tab", "tab"],
} as const

describe("T opens the form with exactly what is selected", () => {
  test("everything on 80x24", () => {
    expect(overlayFrame(opened())).toMatchInlineSnapshot(`
      "
      ┌─ Trace packets ──────────────────────────────────────────────────────────────┐
      │ PEER       198.51.100.24___________________________                          │
      │ PORT       443___  either side's; empty: every port                          │
      │ INTERFACE  eth0____________  the way to the peer, or any                     │
      │ MODE       ‹ General triage ›  a balanced first look                         │
      │ STRATEGY   ‹ Peer + Port ›     all packets of the peer at this port          │
      │ DIRECTION  ‹ Both ways ›       needed to see what was not answered           │
      │ SECONDS    10____  1 to 60                                                   │
      │ PACKETS    2000__  1 to 20,000                                               │
      │ BYTES EACH 512___  64 to 65,535                                              │
      │ SAVE       ‹ Yes ›             packets, for a week                           │
      │                                                                              │
      │ FILTER     (tcp and host 198.51.100.24 and port 443) or (host 198.51.100.24  │
      │            and ip[6:2] & 0x1fff != 0) or (icmp and (icmp[20:4] = 0xc6336418  │
      │            or icmp[24:4] = 0xc6336418)) or (arp and host 10.0.0.1)           │
      │ about 344KB, at most 1.0MB; 11.2GB free in                                   │
      │ /var/lib/holyf-network/snapshots/traces                                      │
      │ Enter starts; ←→ choose; Esc closes the form.                                │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  const asked = (state: State, ...chords: string[]) => {
    const { state: after, effects } = press(state, ...chords, "T")
    const { texts, strategy, seed } = slice(after)
    return { peer: texts.peer.text, port: texts.port.text, strategy, tuple: seed?.tuple, effects }
  }

  test("an incoming connection: the port of this host, and the tuple of both ends", () => {
    expect(asked(web())).toEqual({
      peer: PEER,
      port: "443",
      strategy: "peer-port",
      tuple: { local: "10.0.0.10", localPort: 443, remote: PEER, remotePort: 51_822 },
      effects: [{ type: "trace/prepare", peer: PEER, isTranslated: false }],
    })
  })

  test("an outgoing one: the port of the peer", () => {
    expect(asked(web(), "o")).toMatchObject({ peer: "10.0.4.31", port: "5432", strategy: "peer-port" })
  })

  test("a group: its busiest port, and no single connection", () => {
    expect(asked(web(), "g")).toMatchObject({ peer: "203.0.113.77", port: "443", tuple: undefined })
  })

  test("from the details too", () => {
    const { state } = press(web(), "enter", "T")
    expect([state.overlays, slice(state).texts.peer.text]).toEqual([["trace-packet"], PEER])
  })

  test("what was typed elsewhere stays when the rows change places", () => {
    const before = press(opened(), ...way.seconds, ...retyped("7")).state
    expect(slice(look(before, { connections: [] }))).toEqual(slice(before))
  })
})

describe("T is refused", () => {
  test.each([
    ["in a replay", (state: State): State => ({ ...state, source: "replay" }), "replay is read-only"],
    ["without a row", (state: State) => look(state, { connections: [] }), "no connection selected"],
    [
      "for a row that has ended",
      (state: State) => look(press(state, "down").state, { connections: webServer.connections!.slice(0, 1) }),
      "the selected row has ended",
    ],
  ] as const)("%s", (_, made, reason) => {
    const { state, effects } = press(made(web(120, 30)), "T")
    expect([state.overlays, effects]).toEqual([[], []])
    expect(statusLine(state)).toContain(reason)
  })
})

describe("modes", () => {
  const shown = (state: State) => {
    const { mode, strategy, direction, texts } = slice(state)
    return [mode, strategy, direction, texts.seconds.text, texts.packets.text]
  }

  test("set strategy and limits; both directions in each", () => {
    const turned = [1, 2, 3].map((n) => shown(press(opened(), ...Array.from({ length: n }, () => "right")).state))
    expect(turned).toEqual([
      ["handshake", "syn-rst", "any", "8", "1200"],
      ["packet-loss", "peer-port", "any", "20", "6000"],
      ["reset-storm", "syn-rst", "any", "15", "5000"],
    ])
  })

  test("leave what was changed by hand", () => {
    const state = press(opened(), ...way.seconds, ...retyped("33"), "up", "up", "up", "right").state
    expect(shown(state)).toEqual(["handshake", "syn-rst", "any", "33", "1200"])
  })

  test("custom keeps everything and opens a clause", () => {
    const state = press(opened(), "left").state
    expect(shown(state)).toEqual(["custom", "peer-port", "any", "10", "2000"])
    expect(overlayFrame(state)).toContain("CLAUSE")
    expect(overlayFrame(opened())).not.toContain("CLAUSE")
  })

  test("without a port the peer alone is meant", () => {
    const state = press(opened(), ...way.port, ...retyped("")).state
    expect(slice(state).strategy).toBe("peer-only")
    expect(overlayFrame(state)).toContain("(tcp and host 198.51.100.24)")
  })
})

describe("the filter stands there as it will run", () => {
  const filter = (state: State) => {
    const text = flowing(overlayFrame(state))
    return text.slice(text.indexOf("FILTER") + 6, text.indexOf(" about ")).trim()
  }

  test("and follows every field", () => {
    expect(filter(opened(web(200, 60)))).toStartWith("(tcp and host 198.51.100.24 and port 443) or ")
    const tuple = press(opened(web(200, 60)), ...way.strategy, "right", "right").state
    expect(filter(tuple)).toContain("src host 10.0.0.10 and src port 443 and dst host 198.51.100.24 and dst port 51822")
    const custom = press(opened(web(200, 60)), "left", "down", "down", ...typed("greater 100")).state
    expect(filter(custom)).toContain("and port 443 and (greater 100))")
  })

  test("says what is missing where it cannot run", () => {
    const state = press(opened(), ...way.seconds, ...retyped("0")).state
    expect(overlayFrame(state)).toContain("not yet: seconds takes a number from 1 to 60")
  })

  test("with what it takes, at most and as a rule, and what is free", () => {
    expect(flowing(overlayFrame(opened()))).toContain(`about 344KB, at most 1.0MB; 11.2GB free in ${FOLDER}`)
  })
})

describe("Enter starts", () => {
  test("not when Esc closes the form: nothing of it is left", () => {
    const { state, effects } = press(opened(), ...retyped("203.0.113.99"), "escape")
    expect([state.overlays, starts(effects), state.tracing.running]).toEqual([[], [], undefined])
    expect(slice(press(state, "T").state)).toEqual(slice(opened()))
  })

  test("exactly what stands there, and shows how far it is", () => {
    const { state, effects } = press(opened(), "enter")
    expect(starts(effects)).toEqual([
      {
        type: "trace/start",
        request: {
          form: {
            ...form(),
            gateway: "10.0.0.1",
            tuple: { local: "10.0.0.10", localPort: 443, remote: PEER, remotePort: 51_822 },
          },
          isTranslated: false,
        },
      } as never,
    ])
    expect(state.overlays).toEqual(["trace-progress"])
  })

  test("pressed before the way is known, it waits for it", () => {
    const { state, effects } = press(web(), "T", "enter")
    expect([front(state), starts(effects)]).toEqual(["trace-packet", []])
    expect(overlayFrame(state)).toContain("finding out whether it can be done…")
    const [after, ...asked] = update(state, prepared())
    expect([front(after), starts(asked).length]).toEqual(["trace-progress", 1])
  })

  test("on the way that was found, unless another was typed", () => {
    const found = apply(press(web(), "T").state, prepared({ way: { interfaceName: "eth1" } }))
    expect(press(found, "enter").effects).toMatchObject([{ request: { form: { interfaceName: "eth1" } } }])
    const typedOver = press(web(), "T", ...way.interface, ...retyped("lo")).state
    const kept = apply(typedOver, prepared({ way: { interfaceName: "eth1" } }))
    expect(press(kept, "enter").effects).toMatchObject([{ request: { form: { interfaceName: "lo" } } }])
  })

  test("another peer has another way, which is asked for", () => {
    const { effects } = press(opened(), ...way.peer, ...retyped("203.0.113.9"), "enter")
    expect(effects.at(-1)).toEqual({ type: "trace/prepare", peer: "203.0.113.9", isTranslated: false })
    expect(starts(effects)).toEqual([])
  })
})

describe("a field says what is wrong with it", () => {
  test.each([
    ["peer", "", "takes an IPv4 or IPv6 address"],
    ["peer", "nohost", "takes an IPv4 or IPv6 address"],
    ["port", "0", "takes a number from 1 to 65535"],
    ["port", "http", "takes a number from 1 to 65535"],
    ["interface", "", "takes the name of an interface, or any"],
    ["interface", "nope0", "is none of this host: lo, eth0, eth1, any"],
    ["seconds", "0", "takes a number from 1 to 60"],
    ["seconds", "61", "takes a number from 1 to 60"],
    ["packets", "20001", "takes a number from 1 to 20000"],
    ["snap-length", "63", "takes a number from 64 to 65535"],
  ] as const)("%s %p", (name, text, problem) => {
    const { state, effects } = press(opened(web(120, 30)), ...way[name], ...retyped(text), "enter")
    expect([front(state), starts(effects)]).toEqual(["trace-packet", []])
    expect(slice(state).focus).toBe(name)
    expect(slice(state).problems).toEqual({ [name]: problem })
    expect(flowing(overlayFrame(state))).toContain(problem)
    // The next key in it takes the words away.
    expect(slice(press(state, "1").state).problems).toEqual({})
  })

  test("a 5-tuple needs one connection, and its own peer", () => {
    const group = apply(press(web(), "g", "T").state, prepared({ peer: "203.0.113.77" }))
    expect(slice(press(group, ...way.strategy, "right", "right", "enter").state).problems).toEqual({
      strategy: "needs a row that is one connection",
    })
    const other = press(opened(), ...way.strategy, "right", "right", "up", "up", "up", "up", ...retyped("203.0.113.9"))
    const known = apply(other.state, prepared({ peer: "203.0.113.9" }))
    expect(slice(press(known, "enter").state).problems).toEqual({
      peer: "is another one than the connection's; choose Peer + Port",
    })
  })

  test("too little room for the packets, which may be left unsaved", () => {
    const full = apply(press(web(), "T").state, prepared({ free: 20 * 1_048_576 }))
    const { state, effects } = press(full, "enter")
    expect([slice(state).focus, starts(effects)]).toEqual(["saved", []])
    expect(flowing(overlayFrame(state))).toContain("20.0MB are free and 65.0MB should be; Space: do not save")
    expect(press(state, "space", "enter").effects).toMatchObject([{ request: { form: { isSaved: false } } }])
  })

  test("what forbids every trace stands in the form, and Enter does nothing", () => {
    const refusal = "cannot trace: capturing packets needs CAP_NET_RAW. Run with sudo."
    const state = apply(press(web(), "T").state, prepared({ refusal }))
    expect(overlayFrame(state)).toContain(refusal)
    const after = press(state, "enter")
    expect([front(after.state), starts(after.effects)]).toEqual(["trace-packet", []])
  })
})

describe("a clause of one's own", () => {
  const clause = (text: string) => press(opened(web(120, 30)), "left", "down", "down", ...typed(text))
  const checked = (state: State, text: string, refusal?: string) =>
    update(state, { type: "trace/checked", clause: text, ...(refusal === undefined ? {} : { refusal }) })

  test("is checked by tcpdump when it is left, and its error stands beside it", () => {
    const { state, effects } = press(clause("tcp and").state, "tab")
    expect(effects).toEqual([{ type: "trace/check", clause: "tcp and" }])
    const [refused] = checked(state, "tcp and", "syntax error")
    expect(overlayFrame(refused)).toMatch(/CLAUSE {5}tcp and_+ {2}syntax error/)
  })

  test("is checked before the capture: a good one starts it, a bad one does not", () => {
    const { state, effects } = press(clause("greater 100").state, "enter")
    expect([effects, front(state)]).toEqual([[{ type: "trace/check", clause: "greater 100" }], "trace-packet"])
    const [good, ...asked] = checked(state, "greater 100")
    expect([front(good), starts(asked)]).toMatchObject([
      "trace-progress",
      [{ request: { form: { mode: "custom", clause: "greater 100" } } }],
    ])
    const [bad, ...none] = checked(state, "greater 100", "syntax error")
    expect([front(bad), none, slice(bad).focus]).toEqual(["trace-packet", [], "clause"])
    // Enter again asks nobody: the answer is known.
    expect(press(bad, "enter").effects).toEqual([])
  })

  test("an answer about another clause says nothing", () => {
    const waiting = press(clause("greater 100").state, "enter").state
    const changed = press(waiting, "1").state
    const [after, ...asked] = checked(changed, "greater 100", "syntax error")
    expect([slice(after).problems, asked]).toEqual([{}, []])
  })

  test("cannot leave its bracket", () => {
    const { state, effects } = press(clause("tcp) or (ip").state, "enter")
    expect(effects).toEqual([])
    expect(slice(state).problems).toEqual({ clause: "has brackets that do not match" })
  })

  test("counts in the mode custom only", () => {
    const { state } = press(clause("greater x").state, "up", "up", "right")
    expect(slice(state).mode).toBe("general")
    expect(starts(press(state, "enter").effects)).toHaveLength(1)
  })
})

test("pasted text goes into the field and starts nothing", () => {
  const state = press(opened(), ...way.peer, "ctrl+u").state
  const pasted = apply(state, actionForPaste(state, "203.0.113.7\n")!)
  expect([slice(pasted).texts.peer.text, front(pasted)]).toEqual(["203.0.113.7", "trace-packet"])
})

test("a row of a container is traced inside its namespace, wherever its packets pass", () => {
  const namespace = { id: 4_026_532_000, name: "web" }
  const subject = { kind: "group", key: "x", side: "in", peerAddress: PEER, ports: [], namespace } as const
  const state = apply(web(), { type: "app/open", panel: "trace-packet", about: { subject } })
  const known = apply(state, prepared({ namespace, way: { interfaceName: "any" } }))
  expect(overlayFrame(known)).toContain("captured in network namespace web")
  expect(press(known, "enter").effects).toMatchObject([{ request: { namespace, form: { interfaceName: "any" } } }])
})

// ---- while it runs -------------------------------------------------------------------------------------------------

const running = (state: State = web()) => press(opened(state), "enter").state
const progress = (packets: number, elapsedMs?: number) =>
  ({
    type: "trace/progressed",
    progress: { packets, bytes: packets * 90, dropped: 3, ...(elapsedMs === undefined ? {} : { elapsedMs }) },
  }) as const
const ended = (state: State, spec: TraceSpec = {}) => apply(state, { type: "trace/ended", outcome: trace(state, spec) })

describe("while a trace runs", () => {
  test("packets, bytes, losses and the time that is left", () => {
    expect(overlayFrame(apply(running(), progress(1_240, 4_000)))).toMatchInlineSnapshot(`
      "
      ┌─ Trace running ──────────────────────────────────────────────────────────────┐
      │ peer       198.51.100.24:443                                                 │
      │ on         eth0, both ways                                                   │
      │ asked for  General triage, Peer + Port                                       │
      │                                                                              │
      │ packets    1,240 of at most 2,000                                            │
      │ bytes      109KB                                                             │
      │ lost       3                                                                 │
      │ time left  6s   ████████████░░░░░░░░░░░░░░░░░░                               │
      │                                                                              │
      │ Esc stops and judges what there is   Enter lets it go on                     │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("Esc ends it early, once", () => {
    const { state, effects } = press(running(), "escape")
    expect(effects).toEqual([{ type: "trace/stop" }])
    expect(overlayFrame(state)).toContain("stopping…")
    expect(press(state, "escape").effects).toEqual([])
  })

  test("it goes on while other panels are looked at, and the status bar says so", () => {
    const { state, effects } = press(apply(running(), progress(20, 3_000)), "enter", "tab", "o")
    expect([state.overlays, effects]).toEqual([[], []])
    expect(statusLine(state)).toContain("TRACE 7s t shows it")
    expect(front(press(state, "t").state)).toBe("trace-progress")
    expect(front(press(state, "tab", "tab", "T").state)).toBe("trace-progress")
  })

  test("rows are looked at as ever", () => {
    const ids = timers(running()).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(["look", "lane", "trace"]))
    expect(timers(ended(running())).map(({ id }) => id)).not.toContain("trace")
    const [, ...effects] = update(running(), { type: "trace/due", at: 0 })
    expect(effects).toEqual([{ type: "trace/look" }])
  })

  test("q asks first, since nothing would judge it", () => {
    const state = press(press(running(), "enter").state, "q").state
    expect(flowing(overlayFrame(state))).toContain(
      "A trace is running. It ends with the program, and nothing judges it.",
    )
    expect(overlayFrame(state)).not.toContain("lift")
    expect(press(state, "enter").effects).toEqual([{ type: "program/quit", code: 0 }])
    expect(press(state, "escape").state.tracing.running).toBeDefined()
  })

  test("no second one is begun", () => {
    const state = press(running(), "enter").state
    const again = apply(state, { type: "app/open", panel: "trace-packet" })
    expect(starts(press(again, "enter").effects)).toEqual([])
  })

  test("one that could not be begun leads back to the form, with everything that stood in it", () => {
    const { state, effects } = press(opened(), ...way.seconds, ...retyped("42"), "enter")
    const [start] = starts(effects) as unknown as [{ request: never }]
    const reason = "cannot capture on eth0: No such device exists."
    const failed = apply(state, { type: "trace/failed", request: start.request, reason, at: state.now })
    expect([failed.overlays, failed.tracing.running]).toEqual([["trace-packet"], undefined])
    expect(slice(failed).texts.seconds.text).toBe("42")
    expect(overlayFrame(failed)).toContain(reason)
    expect(starts(press(apply(failed, prepared()), "enter").effects)).toHaveLength(1)
  })
})

// ---- what came of it -----------------------------------------------------------------------------------------------

const hostile: TraceSpec["steps"] = [
  into(0, { flags: "S", seq: 100, options: make.mss(1460) }),
  out(0.2, { flags: "S.", seq: 500, ack: 101, options: make.mss(1460) }),
  into(1, { flags: ".", seq: 101, ack: 501 }),
  out(2, { flags: "P.", seq: 501, ack: 101, payload: 700 }),
  out(250, { flags: "P.", seq: 501, ack: 101, payload: 700 }),
  into(260, { flags: "R.", seq: 101, ack: 501 }),
]

describe("the result", () => {
  test("opens by itself where the progress was watched, the verdict first", () => {
    const state = ended(running(), { steps: unanswered })
    expect(state.overlays).toEqual(["trace-result"])
    expect(overlayFrame(state)).toMatchInlineSnapshot(`
      "
      ┌─ Trace of 198.51.100.24:443 ─────────────────────────────────────────────────┐
      │ 1 Verdict   2 Packets 3   3 Conversations 1   4 Sequence                     │
      │                                                                              │
      │ WARN SYN without an answer                                                   │
      │      high confidence                                                         │
      │      peer 198.51.100.24:51822 sent [S] to this host (10.0.0.10:443) 3 times, │
      │      no answer (packets 1, 2, 3)                                             │
      │      The peer's SYN arrives at this host, and this host does not answer. A   │
      │      closed port would answer with a reset, so something here drops it: a    │
      │      firewall rule, or a listener whose queue is full.                       │
      │    1 look at the firewall: nft list ruleset                                  │
      │    2 look at the listener's queue: ss -ltn                                   │
      │                                                                              │
      │                                                                              │
      │ 3 packets, 162B in 10.0 s on eth0, 0 lost by the capture                     │
      │ [S] 3 [S.] 0 [F] 0 [R] 0  TCP 3 UDP 0 ICMP 0 ARP 0                           │
      │ filter  (tcp and host 198.51.100.24 and port 443) or (host 198.51.100.24 and │
      │         ip[6:2] & 0x1fff != 0) or (icmp and (icmp[20:4] = 0xc6336418 or      │
      │         icmp[24:4] = 0xc6336418)) or (arp and host 198.51.100.24)            │
      │ pcap    /var/lib/holyf-network/snapshots/traces/trace-20260308-125630-peer-p │
      │         ort-198_51_100_24-443-0badcafe0bad.pcap                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("else the status bar says so until it was looked at", () => {
    const state = ended(press(running(), "enter").state, { steps: unanswered })
    expect(state.overlays).toEqual([])
    expect(statusLine(state)).toContain("TRACE done t shows it")
    expect(statusLine({ ...state, screen: { width: 120, height: 30 } })).toContain("trace: SYN without an answer")
    const shown = press(state, "t").state
    expect([front(shown), shown.tracing.isNews]).toEqual(["trace-result", false])
    expect(statusLine(press(shown, "escape").state)).not.toContain("TRACE")
  })

  test("a healthy exchange is called healthy", () => {
    expect(overlayFrame(ended(running()))).toMatch(/OK {3}Nothing is wrong in what was captured/)
  })

  test("an operator who reads the form of another row is not disturbed", () => {
    const state = press(press(running(), "enter").state, "k").state
    expect(ended(state).overlays).toEqual(["block-peer"])
  })

  test("packets, with their flags as tcpdump writes them", () => {
    expect(overlayFrame(press(ended(running(), { steps: hostile }), "2").state)).toMatchInlineSnapshot(`
      "
      ┌─ Trace of 198.51.100.24:443 ─────────────────────────────────────────────────┐
      │ 1 Verdict   2 Packets 6   3 Conversations 1   4 Sequence                     │
      │                                                                              │
      │     NO       TIME FROM → TO                                FLAGS    LEN NOTE │
      │▌     1   0.000000 198.51.100.24:51822 → 10.0.0.10:443      [S]        0      │
      │      2   0.000200 10.0.0.10:443 → 198.51.100.24:51822      [S.]       0      │
      │      3   0.001000 198.51.100.24:51822 → 10.0.0.10:443      [.]        0      │
      │      4   0.002000 10.0.0.10:443 → 198.51.100.24:51822      [P.]     700      │
      │      5   0.250000 10.0.0.10:443 → 198.51.100.24:51822      [P.]     700 again│
      │      6   0.260000 198.51.100.24:51822 → 10.0.0.10:443      [R.]       0      │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("a wide screen shows numbers and remarks in full", () => {
    const text = overlayFrame(press(ended(running(web(200, 60)), { steps: hostile }), "2").state)
    expect(text).toMatch(/SEQ +ACK +WIN NOTE/)
    expect(text).toContain("retransmission")
  })

  test("conversations, and the sequence of one with its times", () => {
    const state = press(ended(running(), { steps: hostile }), "3").state
    expect(overlayFrame(state)).toMatch(/▌tcp {3}198\.51\.100\.24:51822 ⇄ 10\.0\.0\.10:443 +3\/3 +200us +1 reset/)
    expect(overlayFrame(press(state, "enter").state)).toMatchInlineSnapshot(`
      "
      ┌─ Trace of 198.51.100.24:443 ─────────────────────────────────────────────────┐
      │ 1 Verdict   2 Packets 6   3 Conversations 1   4 Sequence                     │
      │                                                                              │
      │               198.51.100.24:51822  10.0.0.10:443                             │
      │     +0.000 ms ├ [S] ───────────────────────────▶ #1                          │
      │     +0.200 ms ◀────────────────────────── [S.] ┤ #2                          │
      │     +1.000 ms ├ [.] ───────────────────────────▶ #3                          │
      │     +2.000 ms ← 1400 bytes in 2, 1 sent again    248.000 ms                  │
      │   +260.000 ms ├ [R.] ──────────────────────────▶ #6                          │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("names that were asked for stand under the conversation", () => {
    const question = Uint8Array.fromHex("12340100000100000000000007" + "6578616d706c6504746573740000010001")
    const asked = { at: 0, bytes: make.datagramPacket({ from: PEER, to: "10.0.0.10", toPort: 53, payload: question }) }
    const text = flowing(overlayFrame(press(ended(running(), { steps: [asked] }), "3").state))
    expect(text).toContain("DNS: example.test A: no answer")
  })

  test("says when it was stopped early", () => {
    expect(overlayFrame(ended(running(), { status: "aborted" }))).toContain("on eth0; stopped early")
  })

  test("one packet in full, read from the file", () => {
    const { state, effects } = press(ended(running()), "2", "down", "enter")
    const file = state.tracing.shown!.about.file!
    expect(effects).toEqual([{ type: "trace/read-packet", file, number: 2 }])
    expect(overlayFrame(state)).toContain("reading the capture…")
    const layers = reading([{ name: "TCP", fields: [["flags", "[S.]"] as const] }])
    const read = apply(state, { type: "trace/packet-read", packet: { file, number: 2, layers } })
    expect(overlayFrame(read)).toMatch(/packet 2 .*12:56:30/)
    expect(overlayFrame(read)).toMatch(/TCP +│\n│ {3}flags {9}\[S\.\]/)
    // The arrows go on to the next one, whose layers are not those of this.
    const next = press(read, "down")
    expect(next.effects).toEqual([{ type: "trace/read-packet", file, number: 3 }])
    expect(overlayFrame(next.state)).not.toContain("[S.]")
    expect(overlayFrame(press(next.state, "escape").state)).toContain("FROM → TO")
  })

  test("a packet whose file is gone says so", () => {
    const { state } = press(ended(running()), "2", "enter")
    const file = state.tracing.shown!.about.file!
    const layers = missing(`cannot read ${file}: there is no such file`)
    const gone = apply(state, { type: "trace/packet-read", packet: { file, number: 1, layers } })
    expect(flowing(overlayFrame(gone))).toContain("there is no such file")
  })

  test("packets that were not saved are listed, and read from nowhere", () => {
    const { state, effects } = press(ended(running(), { form: { isSaved: false } }), "2", "enter")
    expect(effects).toEqual([])
    expect(overlayFrame(state)).toContain("The packets were not saved")
    expect(overlayFrame(press(state, "escape", "1").state)).toMatch(/pcap {4}not saved/)
  })

  test("Esc goes back one step, then closes", () => {
    const state = press(ended(running()), "2", "enter").state
    expect(front(press(state, "escape").state)).toBe("trace-result")
    expect(press(state, "escape", "escape").state.overlays).toEqual([])
  })

  test("no packet is a finding, and every page says that there is none", () => {
    const state = ended(running(), { steps: [] })
    expect(overlayFrame(state)).toContain(`Not one packet to or from ${PEER} on port 443`)
    for (const page of ["2", "3", "4"]) expect(overlayFrame(press(state, page).state)).toMatch(/ no .* was captured/)
  })

  test("masked, no address of it is on the screen, in whatever form", () => {
    const state = press(ended(running(), { steps: hostile }), "escape", "m", "t", "o").state
    const shown = apply(state, { type: "trace/opened", outcome: trace(state, { steps: hostile }) })
    for (const page of ["1", "2", "3", "4"]) {
      const text = frame(press(shown, page).state)
      // As text, as the file is named, and as the number that a filter compares.
      expect(text).not.toMatch(/198\.51|198_51|0xc633/)
    }
    const listed = apply(press(state, "escape").state, { type: "trace/listed", history: reading(history(state)) })
    for (const keys of [["t"], ["t", "enter"], ["t", "c", "down", "c"]])
      expect(frame(press(listed, ...keys).state)).not.toMatch(/198\.51|198_51|0xc633/)
    expect(frame(opened(press(web(), "m").state))).not.toMatch(/198\.51|198_51|0xc633/)
    expect(frame(running(press(web(), "m").state))).not.toMatch(/198\.51|198_51|0xc633/)
  })

  describe("its findings stand in the diagnosis of the peer for a while", () => {
    const panel = (state: State) => panelFrame(apply(state, { type: "app/focus", panel: "diagnosis" }), "diagnosis")
    const state = () => press(ended(running(web(120, 40)), { steps: unanswered }), "escape").state

    test("with their evidence and what to do next", () => {
      const text = flowing(panel({ ...state(), isZoomed: true }))
      expect(text).toMatch(/WARN Trace: SYN without an answer +port 443, peer 198\.51\.100\.24, interface eth0/)
      expect(text).toContain("sent [S] to this host (10.0.0.10:443)")
      expect(text).toContain("look at the firewall: nft list ruleset")
      expect(text).toContain("clears when five minutes have passed")
    })

    test("for five minutes, or until another trace", () => {
      expect(panel(apply(state(), { type: "clock/ticked", at: state().now + 300_000 }))).toContain("Trace:")
      expect(panel(apply(state(), { type: "clock/ticked", at: state().now + 300_001 }))).not.toContain("Trace:")
      expect(panel(ended(state()))).not.toContain("Trace:")
    })

    test("and not those that are about the capture alone", () => {
      expect(panel(press(ended(running(web(120, 40)), { steps: [] }), "escape").state)).not.toContain("Trace:")
    })

    test("masked as everything else, also in one line", () => {
      const masked = press(state(), "m").state
      expect(panel(masked)).not.toContain("198.51")
      const narrow = { ...masked, screen: { width: 80, height: 24 } }
      expect(frame(narrow)).toContain("Trace: SYN without an answer")
      expect(frame(narrow)).not.toContain("198.51")
    })

    test("one of before that is only looked at says nothing of now", () => {
      const other = apply(listed(web(120, 40)), { type: "trace/opened", outcome: trace(web(), { steps: unanswered }) })
      expect(panel(press(other, "escape", "escape").state)).not.toContain("Trace:")
    })
  })
})

// ---- those of before -----------------------------------------------------------------------------------------------

const history = (state: State) => ({
  dataDir: "/var/lib/holyf-network/snapshots",
  entries: [
    trace(state, { steps: unanswered, minutes: 30 }).entry,
    trace(state, { minutes: 20, form: { peer: "203.0.113.77" } }).entry,
    trace(state, { minutes: 10 }).entry,
  ],
  notes: [],
})
const listed = (state: State = web()) =>
  apply(press(state, "t").state, { type: "trace/listed", history: reading(history(state)) })

describe("t lists the traces", () => {
  test("the latest first, with what is known of the selected one", () => {
    expect(overlayFrame(listed())).toMatchInlineSnapshot(`
      "
      ┌─ Traces ─────────────────────────────────────────────────────────────────────┐
      │   TIME                SEV  VERDICT                     PEER                  │
      │▌  2026-03-08 13:26:40 WARN SYN without an answer       198.51.100.24:443     │
      │   2026-03-08 13:16:40 INFO Nothing is wrong in what w… 203.0.113.77:443      │
      │   2026-03-08 13:06:40 INFO Nothing is wrong in what w… 198.51.100.24:443     │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │ SYN without an answer                                                        │
      │ 3 captured, 0 lost, [R] 0, high confidence; completed-timeout, General tria… │
      │ …/traces/trace-20260308-125630-peer-port-198_51_100_24-443-0badcafe0bad.pcap │
      │ in /var/lib/holyf-network/snapshots, 7 days                                  │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("asks for them each time, and says what it has not", () => {
    const { state, effects } = press(web(), "t")
    expect(effects).toEqual([{ type: "trace/list" }])
    const none = { dataDir: "/d", entries: [], notes: ["/d/trace-history-20260308.jsonl: 2 lines are no trace"] }
    const empty = overlayFrame(apply(state, { type: "trace/listed", history: reading(none) }))
    expect(empty).toContain("No trace was made in the last week")
    expect(empty).toContain("2 lines are no trace")
    const refused = missing("cannot read the trace history in /d: EACCES")
    expect(overlayFrame(apply(state, { type: "trace/listed", history: refused }))).toContain("EACCES")
  })

  test("Enter shows all that is remembered", () => {
    const text = flowing(overlayFrame(press(listed(web(120, 40)), "enter").state))
    expect(text).toContain("verdict      WARN SYN without an answer")
    expect(text).toContain(`pcap         ${FOLDER}/trace-20260308-125630-`)
    expect(text).toMatch(/First packets .*\+0\.000000 198\.51\.100\.24:51822 > 10\.0\.0\.10:443: \[S\]/)
  })

  test("c marks one and compares it with another, and says in what they are not alike", () => {
    const marked = press(listed(), "end", "c").state
    expect(overlayFrame(marked)).toMatch(/\* 2026-03-08 13:06:40/)
    expect(press(marked, "c").state.slices["trace-history"].baseline).toBeUndefined()
    expect(overlayFrame(press(marked, "home", "c").state)).toMatchInlineSnapshot(`
      "
      ┌─ Two traces ─────────────────────────────────────────────────────────────────┐
      │ baseline  2026-03-08 13:06:40 198.51.100.24:443, Peer + Port: INFO Nothing   │
      │           is wrong in what was captured                                      │
      │ incident  2026-03-08 13:26:40 198.51.100.24:443, Peer + Port: WARN SYN       │
      │           without an answer                                                  │
      │                                                                              │
      │                 BASELINE  INCIDENT     CHANGE                                │
      │ Drop ratio          0.0%      0.0%     +0.0pp                                │
      │ RST ratio           0.0%      0.0%     +0.0pp                                │
      │ SYN-ACK ratio     100.0%      0.0%   -100.0pp                                │
      │                                                                              │
      │ Shares of the packets, most changed first                                    │
      │ SYN                11.1%    100.0%    +88.9pp                                │
      │ OTHER              77.8%      0.0%    -77.8pp                                │
      │ SYN-ACK            11.1%      0.0%    -11.1pp                                │
      │ RST                 0.0%      0.0%     +0.0pp                                │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
    const unlike = overlayFrame(press(marked, "home", "down", "c").state)
    expect(flowing(unlike)).toContain("Not alike: the two have different peers, filters.")
    expect(overlayFrame(press(marked, "home", "c", "escape").state)).toContain("VERDICT")
  })

  test("x asks, and only y deletes", () => {
    const state = press(listed(), "x").state
    expect(flowing(overlayFrame(state))).toContain(
      `Forget the trace of ${PEER}:443, 2026-03-08 13:26:40, and delete its capture?`,
    )
    for (const key of ["enter", "n", "escape", "x"]) expect(press(state, key).effects).toEqual([])
    const [entry] = history(state).entries
    expect(press(state, "y").effects).toEqual([{ type: "trace/forget", entry: entry! }])
  })

  test("nothing is deleted in a replay", () => {
    const { effects } = press({ ...listed(), source: "replay" }, "x", "y")
    expect(effects).toEqual([])
  })

  test("o opens the packets again, on top of the list", () => {
    const { state, effects } = press(listed(), "down", "o")
    expect(effects).toMatchObject([{ type: "trace/open", entry: { peer_ip: "203.0.113.77" } }])
    const shown = apply(state, { type: "trace/opened", outcome: trace(state) })
    expect(shown.overlays).toEqual(["trace-history", "trace-result"])
    expect(press(shown, "escape").state.overlays).toEqual(["trace-history"])
  })

  test("a trace opened after the list was closed opens nothing", () => {
    const { state } = press(listed(), "o", "escape")
    expect(apply(state, { type: "trace/opened", outcome: trace(state) }).overlays).toEqual([])
  })

  test("the cursor follows its trace when another comes", () => {
    const state = press(listed(), "down").state
    const { entries, ...rest } = history(state)
    const more = { ...rest, entries: [trace(state, { minutes: 40 }).entry, ...entries] }
    const after = apply(state, { type: "trace/listed", history: reading(more) })
    expect(overlayFrame(after)).toMatch(/▌ {2}2026-03-08 13:16:40 INFO .*203\.0\.113\.77:443/)
  })
})

test("what the form has on 60x15: the field with the keys, the filter, what Enter does", () => {
  for (const keys of Object.values(way)) {
    const state = press(opened(web(60, 15)), ...keys).state
    const text = overlayFrame(state)
    expect(text).toContain("FILTER")
    expect(text).toContain("Enter starts")
    const labels = { "snap-length": "BYTES EACH", saved: "SAVE" } as Readonly<Record<string, string>>
    expect(text).toContain(labels[slice(state).focus] ?? slice(state).focus.toUpperCase())
  }
})

test("whatever was captured, every page is whole lines of harmless text", () => {
  // A name of one label that holds an escape sequence, a line break, a tab and a wide character.
  const hostileName = Uint8Array.fromHex("1234010000010000000000000a1b5b324a0d0a09e6bca20000010001")
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc.uint8Array({ minLength: 20, maxLength: 90 }).map((body) => make.datagramPacket({ toPort: 53, payload: body })),
    fc.constant(make.datagramPacket({ toPort: 53, payload: hostileName })),
    fc.constantFrom(...unanswered.map((step) => step.bytes), ...(hostile ?? []).map((step) => step.bytes)),
  )
  const step = fc.record({ at: fc.double({ min: 0, max: 1e7, noNaN: true }), bytes })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom([60, 15], [200, 60]), (steps, [width, height]) => {
      const state = ended(running({ ...web(), screen: { width: width!, height: height! } }), { steps })
      for (const keys of [["1"], ["2"], ["2", "enter"], ["3"], ["4"], ["3", "end", "enter"]]) {
        const lines = view(press(state, ...keys).state)
        expect(lines.map(lineWidth)).toEqual(Array.from({ length: height! }, () => width!))
        expect(plainText(lines)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
      }
    }),
    { numRuns: 60, seed: 20_240_229 },
  )
}, 20_000)
