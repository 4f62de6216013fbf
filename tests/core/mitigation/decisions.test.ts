/** Guards, blocks, sides, sweep, plan and capabilities: every decision that is made without the kernel. */
import { describe, expect, test } from "bun:test"
import { auditLine } from "../../../src/core/mitigation/audit.ts"
import {
  type Block,
  blocksOf,
  findOverlap,
  lostBlocks,
  nextExpiry,
  overlapText,
  readBlockComment,
  writeBlockComment,
} from "../../../src/core/mitigation/block.ts"
import { capabilityLabel, chooseBackend, parseForced } from "../../../src/core/mitigation/capability.ts"
import {
  guardTarget,
  type Lifelines,
  refusalText,
  standing,
  typedOverride,
} from "../../../src/core/mitigation/guards.ts"
import { type PeerSocket, sortOut } from "../../../src/core/mitigation/incoming.ts"
import { blockRules, blocksOfRules, readRules, restoreText } from "../../../src/core/mitigation/iptables-rules.ts"
import {
  afterDestroy,
  afterLook,
  beginSweep,
  killText,
  nextRound,
  summarize,
} from "../../../src/core/mitigation/kill.ts"
import { confirmationText, planLines } from "../../../src/core/mitigation/plan.ts"
import {
  changesToComplete,
  changesToRemove,
  elementKey,
  elementTarget,
  setOf,
} from "../../../src/core/mitigation/ruleset.ts"
import { isLoginSession, sshClient } from "../../../src/core/mitigation/session.ts"
import { readSsLines } from "../../../src/core/mitigation/ss-lines.ts"
import { parseTarget, type Target } from "../../../src/core/mitigation/target.ts"

/** The first column as one line of text in front: the name of the case. */
const named = <Row extends readonly [unknown, ...unknown[]]>(rows: readonly Row[]) =>
  rows.map((row) => [JSON.stringify(row[0]), ...row] as const)

const target = (text: string): Target => {
  const parsed = parseTarget(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

describe("guards", () => {
  const lifelines: Lifelines = {
    sessions: [{ peer: "198.51.100.9", source: "SSH_CONNECTION" }],
    own: ["192.0.2.1", "fd00::1"],
    gateways: ["192.0.2.254", "fe80::1"],
    resolvers: ["192.0.2.53", "127.0.0.53"],
    notes: [],
  }
  test.each([
    ["198.51.100.9", ["session"]],
    ["198.51.100.9:443", ["session"]],
    ["198.51.100.0/24", ["session"]],
    ["127.0.0.1", ["loopback"]],
    ["127.0.0.53:53", ["loopback"]],
    ["::1", ["loopback"]],
    ["192.0.2.1", ["own"]],
    ["fd00::1", ["own"]],
    ["192.0.2.254", ["gateway"]],
    ["fe80::1", ["gateway"]],
    ["192.0.2.53", ["resolver"]],
    ["192.0.2.0/24", ["own", "gateway", "resolver"]],
    ["203.0.113.7", []],
    ["2001:db8::1", []],
  ])("%s: %p", (text, kinds) => {
    expect(guardTarget(target(text), lifelines).map(({ kind }) => kind as string)).toEqual(kinds as string[])
  })

  const stands = (text: string, overrides: { force?: boolean; forceSshPeer?: boolean }) =>
    standing(guardTarget(target(text), lifelines), { force: false, forceSshPeer: false, ...overrides }).length > 0
  test("force overrides all but the operator's own session", () => {
    expect(stands("192.0.2.254", {})).toBe(true)
    expect(stands("192.0.2.254", { force: true })).toBe(false)
    expect(stands("198.51.100.9", { force: true })).toBe(true)
    expect(stands("198.51.100.9", { forceSshPeer: true })).toBe(false)
  })

  test("the reason names the address that is held, and the flag that overrides", () => {
    expect(refusalText(guardTarget(target("192.0.2.0/24"), { ...lifelines, own: [], resolvers: [] }))).toBe(
      "refused: 192.0.2.0/24 holds 192.0.2.254, the default gateway. --force overrides this",
    )
    expect(refusalText(guardTarget(target("198.51.100.9"), lifelines))).toBe(
      "refused: 198.51.100.9 is where your own session comes from (SSH_CONNECTION). --force-ssh-peer overrides this",
    )
  })

  test("typing the address overrides in a form; the own session needs its phrase", () => {
    expect(typedOverride(target("192.0.2.254"), " 192.0.2.254 ")).toEqual({ force: true, forceSshPeer: false })
    expect(typedOverride(target("192.0.2.254"), "192.0.2.25")).toEqual({ force: false, forceSshPeer: false })
    expect(typedOverride(target("198.51.100.9"), "198.51.100.9 cut my session")).toMatchObject({ forceSshPeer: true })
  })
})

describe("the operator's session", () => {
  const process = (pid: number, name: string, sessionId: number) => ({ pid, name, sessionId })
  const held = {
    holder: process(10, "sshd", 10),
    child: process(11, "bash", 11),
    localPort: 2222,
    isIncoming: true,
    isStandardStream: false,
  }
  test.each(
    named([
      [{}, true],
      [{ holder: process(10, "sshd-session", 10), isIncoming: false }, true],
      // A server of whatever name that starts a process session for whoever logged in.
      [{ holder: process(10, "perl", 10) }, true],
      [{ holder: process(10, "perl", 10), localPort: 22, child: process(11, "bash", 10) }, true],
      [{ holder: process(10, "perl", 10), isStandardStream: true, isIncoming: false }, true],
      // A program that serves others and happens to have started us.
      [{ holder: process(10, "nginx", 10), child: process(11, "bash", 10) }, false],
      // An agent that has a connection of its own to somewhere.
      [{ holder: process(10, "agent", 10), isIncoming: false }, false],
    ] as const),
  )("%s", (_, given, expected) => expect(isLoginSession({ ...held, ...given })).toBe(expected))

  test.each([
    ["198.51.100.9 50000 192.0.2.1 22", "198.51.100.9"],
    ["fe80::1%eth0 1 fe80::2%eth0 22", "fe80::1"],
    ["", undefined],
    [undefined, undefined],
  ])("SSH_CONNECTION=%p is %p", (value, client) => expect(sshClient(value)).toBe(client as string))
})

const block = (text: string, given: Partial<Block> = {}): Block => ({
  id: "7f3a2c9e",
  target: target(text),
  startedAt: Date.UTC(2026, 2, 8, 12, 56, 30),
  durationMs: 300_000,
  expiresAt: Date.UTC(2026, 2, 8, 13, 1, 30),
  by: "alice",
  backend: "kernel",
  ...given,
})

describe("blocks", () => {
  test("their comment says who made them and when, and is read back", () => {
    const comment = writeBlockComment(block("203.0.113.7"))
    expect(comment).toBe("holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice")
    expect(readBlockComment(comment)).toEqual({
      id: "7f3a2c9e",
      startedAt: Date.UTC(2026, 2, 8, 12, 56, 30),
      by: "alice",
    })
    // nft takes no comment longer than 128 characters.
    expect(writeBlockComment(block("203.0.113.7", { by: `a b"\n${"x".repeat(99)}` })).length).toBeLessThanOrEqual(110)
  })
  test.each([
    "",
    "mine",
    "holyf-network",
    "holyf-network block xyz, made 2026-03-08T12:56:30Z by a",
    "x holyf-network block 7f3a2c9e",
  ])("%p is no comment of a block", (comment) => expect(readBlockComment(comment)).toBeUndefined())

  test("networks may not cross one another; hosts and the same target may", () => {
    const blocks = [block("10.0.0.0/8:80"), block("10.1.1.1")]
    expect(findOverlap(target("10.0.0.0/9:80"), blocks)).toBe(blocks[0])
    expect(findOverlap(target("10.0.0.0/9"), blocks)).toBe(blocks[0])
    expect(findOverlap(target("10.0.0.0/9:81"), blocks)).toBeUndefined()
    expect(findOverlap(target("10.0.0.0/8:80"), blocks)).toBeUndefined()
    expect(findOverlap(target("10.2.2.2:80"), blocks)).toBeUndefined()
    expect(overlapText(target("10.0.0.0/9:80"), blocks[0]!)).toBe(
      "10.0.0.0/9:80 overlaps the block of 10.0.0.0/8:80 (7f3a2c9e); lift that one first",
    )
  })

  test("a peer without a port names every block of it", () => {
    const blocks = [block("10.1.1.1:80"), block("10.1.1.1"), block("10.1.1.2:80"), block("10.1.1.0/24")]
    expect(blocksOf(target("10.1.1.1"), blocks)).toEqual(blocks.slice(0, 2))
    expect(blocksOf(target("10.1.1.1:80"), blocks)).toEqual(blocks.slice(0, 1))
    expect(blocksOf(target("10.1.1.1:81"), blocks)).toEqual([])
  })

  test("one that should be there and is not was lost; one whose time is over was lifted", () => {
    const known = [block("10.1.1.1:80"), block("10.1.1.2:80")]
    const now = known[0]!.expiresAt - 60_000
    expect(lostBlocks(known, [known[1]!], now)).toEqual([known[0]!])
    // Given a new time by somebody: another id, still there.
    expect(lostBlocks(known, [block("10.1.1.1:80", { id: "00000000" }), known[1]!], now)).toEqual([])
    expect(lostBlocks(known, [], known[0]!.expiresAt - 100)).toEqual([])
    expect(nextExpiry([])).toBeUndefined()
    expect(nextExpiry([block("10.1.1.1", { expiresAt: 5 }), block("10.1.1.1", { expiresAt: 3 })])).toBe(3)
  })
})

describe("elements", () => {
  test.each([
    ["203.0.113.7", "peer4"],
    ["203.0.113.7:443", "peer_port4"],
    ["10.0.0.0/8", "network_port4"],
    ["10.0.0.0/8:443", "network_port4"],
    ["10.128.0.0/9:65535", "network_port4"],
    ["2001:db8::1", "peer6"],
    ["[2001:db8::1]:1", "peer_port6"],
    ["2001:db8::/32", "network_port6"],
    ["[2001:db8::/127]:80", "network_port6"],
  ])("%s stands in %s and is read back", (text, name) => {
    const set = setOf(target(text))
    expect(set.name).toBe(name)
    expect(elementTarget(set, elementKey(target(text)))).toEqual(target(text))
  })

  test("a range of somebody else's that is no network is none of ours", () => {
    const set = setOf(target("10.0.0.0/8"))
    const bytes = (...all: number[]) => ({ value: Uint8Array.from(all) })
    expect(
      elementTarget(set, { key: bytes(10, 0, 0, 1, 0, 0, 0, 0), keyEnd: bytes(10, 0, 0, 9, 255, 255, 0, 0) }),
    ).toBeUndefined()
    expect(
      elementTarget(set, { key: bytes(10, 0, 0, 0, 0, 80, 0, 0), keyEnd: bytes(10, 0, 0, 255, 0, 90, 0, 0) }),
    ).toBeUndefined()
    expect(elementTarget(set, { key: bytes(10) })).toBeUndefined()
    expect(elementTarget(set, {})).toBeUndefined()
  })
})

describe("the table", () => {
  const first = changesToComplete(undefined, ["hosts"])
  const values = (kind: string) =>
    first.flatMap((change) => ("add" in change && change.add === kind ? [change.value as Record<string, unknown>] : []))
  const whole = {
    chains: values("chain").map(({ name, comment }) => ({ name: name as string, comment: comment as string })),
    sets: values("set").map(({ name, note }) => ({
      name: name as string,
      comment: (note as { comment: string }).comment,
    })),
    rules: values("rule").map(({ chain, comment }, at) => ({
      chain: chain as string,
      comment: comment as string,
      handle: BigInt(at),
    })),
    strangers: new Map<string, number>(),
  }
  const removed = (changes: ReturnType<typeof changesToRemove>) =>
    changes.map((change) =>
      `${"remove" in change ? change.remove : "?"} ${(change.value as { name?: string }).name ?? ""}`.trim(),
    )

  test("is whole after the first block, and needs nothing more", () => {
    expect(changesToComplete(whole, ["hosts"])).toEqual([])
  })
  test("gets its part for networks with the first of them", () => {
    const changes = changesToComplete(whole, ["hosts", "networks"])
    expect(changes.filter((change) => "add" in change && change.add === "set")).toHaveLength(2)
    // Each chain is filled anew, so that its order holds.
    expect(changes.filter((change) => "remove" in change)).toHaveLength(whole.rules.length)
  })
  test("keeps the rules of networks when a host is blocked", () => {
    const all = changesToComplete(undefined, ["hosts", "networks"])
    const rules = all.flatMap((change) => ("add" in change && change.add === "rule" ? [change.value] : []))
    const found = {
      ...whole,
      rules: rules.map(({ chain, comment }, at) => ({ chain: chain!, comment: comment!, handle: BigInt(at) })),
    }
    expect(changesToComplete(found, ["hosts"])).toEqual([])
  })
  test("a chain that lost a rule is filled anew, and rules of others stay", () => {
    const damaged = {
      ...whole,
      rules: [...whole.rules.slice(1), { chain: "incoming", comment: "theirs", handle: 99n }],
    }
    const changes = changesToComplete(damaged, ["hosts"])
    const handles = changes.flatMap((change) =>
      "remove" in change && change.remove === "rule" ? [change.value.handle] : [],
    )
    expect(handles).not.toContain(99n)
    expect(changes.filter((change) => "add" in change && change.add === "rule")).toHaveLength(
      whole.rules.filter(({ chain }) => chain === "incoming").length,
    )
  })
  test("goes as a whole when all of it is ours", () => {
    expect(removed(changesToRemove(whole))).toEqual(["table holyf-network"])
  })
  test("stays when somebody put something into it: only ours goes", () => {
    const foreignRule = { ...whole, rules: [...whole.rules, { chain: "incoming", comment: "", handle: 99n }] }
    expect(removed(changesToRemove(foreignRule)).every((step) => step === "rule")).toBe(true)
    expect(changesToRemove(foreignRule)).toHaveLength(whole.rules.length)
    const foreignSet = { ...whole, sets: [...whole.sets, { name: "theirs", comment: "" }] }
    expect(removed(changesToRemove(foreignSet))).not.toContain("set theirs")
    expect(removed(changesToRemove(foreignSet))).not.toContain("table holyf-network")
    const foreignElement = { ...whole, strangers: new Map([["peer4", 1]]) }
    expect(removed(changesToRemove(foreignElement))).not.toContain("set peer4")
    expect(removed(changesToRemove(foreignElement))).toContain("set peer6")
  })
})

const socket = (given: Partial<PeerSocket> = {}): PeerSocket => ({
  key: "1",
  protocol: "tcp",
  state: "ESTABLISHED",
  localAddress: "192.0.2.1",
  localPort: 443,
  peerAddress: "203.0.113.7",
  peerPort: 50_000,
  isRemnant: false,
  ...given,
})

describe("sides", () => {
  const facts = { listening: { tcp: new Set([443]), udp: new Set([53]) }, ephemeral: [32_768, 60_999] as const }
  test.each([
    ["203.0.113.7:443", {}, "incoming"],
    // Ours, to the same port of the peer.
    ["203.0.113.7:443", { localPort: 40_000, peerPort: 443 }, "outgoing"],
    // The server took one connection and closed its door.
    ["203.0.113.7:8080", { localPort: 8080 }, "incoming"],
    ["203.0.113.7:40000", { localPort: 40_000 }, "outgoing"],
    ["203.0.113.7", {}, "incoming"],
    ["203.0.113.7", { localPort: 40_000, peerPort: 443 }, "outgoing"],
    // An NFS mount: a low port, and ours all the same.
    ["203.0.113.7", { localPort: 700, peerPort: 2049 }, "outgoing"],
    ["203.0.113.7", { protocol: "udp", localPort: 53 }, "incoming"],
    ["203.0.113.7:5000", { protocol: "udp", localPort: 5000 }, "incoming"],
  ] as const)("%s: case %#", (text, given, side) => {
    const matches = sortOut(target(text), [socket(given)], facts)
    expect(matches[side]).toHaveLength(1)
    expect(matches.incoming.length + matches.outgoing.length).toBe(1)
  })
})

describe("the sweep", () => {
  const found = (...keys: string[]) => keys.map((key) => ({ key, isRemnant: false }))
  const said = (verdict: string, ...keys: string[]) => keys.map((key) => ({ key, verdict }))
  const flows = { deleted: 0 }

  test("looks, destroys, and is proven by the next look", () => {
    let sweep = afterLook(beginSweep, found("1", "2", "3"))
    expect(nextRound(sweep, 0)).toEqual({ go: true, pauseMs: 0 })
    sweep = afterDestroy(sweep, [...said("", "1", "2"), ...said("ENOENT", "3")])
    sweep = afterLook(sweep, [])
    expect(nextRound(sweep, 5)).toEqual({ go: false, timedOut: false })
    const summary = summarize(sweep, { elapsedMs: 5, timedOut: false, flows: { deleted: 2 } })
    expect(summary).toMatchObject({ matched: 3, destroyed: 2, alreadyGone: 1, survivors: 0, arrivals: 0 })
    expect(killText(summary)).toBe("destroyed 2 connections; 1 had already gone; 2 flows deleted")
  })

  test("goes on while new ones come, with a pause, and ends within its bounds", () => {
    let sweep = beginSweep
    let elapsed = 0
    let rounds = 0
    for (;;) {
      sweep = afterLook(sweep, found(String(rounds++)))
      const next = nextRound(sweep, elapsed)
      if (!next.go) {
        expect(next.timedOut).toBe(true)
        break
      }
      elapsed += next.pauseMs
      sweep = afterDestroy(sweep, said("", ...sweep.standing))
    }
    expect(rounds).toBe(12)
    expect(elapsed).toBeLessThan(4_000)
    const summary = summarize(sweep, { elapsedMs: elapsed, timedOut: true, flows })
    expect(summary).toMatchObject({ matched: 1, destroyed: 11, arrivals: 11, survivors: 1 })
    expect(killText(summary)).toBe("destroyed 11 connections; 11 came meanwhile; 1 connection survived")
  })

  test("time alone ends it too", () => {
    const sweep = afterLook(afterLook(beginSweep, found("1")), found("1"))
    expect(nextRound(sweep, 3_900)).toEqual({ go: false, timedOut: true })
  })

  test("a refusal is not asked for again", () => {
    const sweep = afterLook(afterDestroy(afterLook(beginSweep, found("1")), said("EPERM", "1")), found("1"))
    expect(nextRound(sweep, 1)).toEqual({ go: false, timedOut: false })
    expect(killText(summarize(sweep, { elapsedMs: 1, timedOut: false, flows }))).toContain(
      "the kernel refused 1 (EPERM: run with sudo, or give CAP_NET_ADMIN)",
    )
  })

  test("a remnant in FIN_WAIT2 is no survivor", () => {
    const sweep = afterLook(beginSweep, [{ key: "1", isRemnant: true }])
    expect(nextRound(sweep, 0)).toEqual({ go: false, timedOut: false })
  })

  test("nothing that matched is said so", () => {
    const sweep = afterLook(beginSweep, [])
    expect(killText(summarize(sweep, { elapsedMs: 1, timedOut: false, flows: { reason: "no tool" } }))).toBe(
      "no connection matched; flows: no tool",
    )
  })
})

describe("the plan", () => {
  test("says what would be written and ended", () => {
    const plan = {
      target: target("203.0.113.7:443"),
      minutes: 7,
      matches: { incoming: [socket()], outgoing: [] },
      refusals: [],
      backend: "kernel" as const,
    }
    expect(planLines(plan).join("\n")).toMatchInlineSnapshot(`
      "would block 203.0.113.7:443 for 7 min
      would write: table inet holyf-network, set peer_port4, element { 203.0.113.7 . 443 timeout 7m }
      would end 1 connection of 1 peer
        tcp 192.0.2.1:443 from 203.0.113.7:50000 ESTABLISHED"
    `)
  })
  test("says what a published port has here: flows, and no socket", () => {
    const plan = {
      target: target("203.0.113.7:443"),
      minutes: 0,
      matches: { incoming: [], outgoing: [] },
      refusals: [],
    }
    expect(planLines({ ...plan, flows: 2, backend: "kernel" })).toEqual([
      "would kill 203.0.113.7:443",
      "would end no connection",
      "would delete 2 flows of connection tracking",
    ])
    expect(planLines({ ...plan, flows: 0, backend: "kernel" })).toHaveLength(2)
  })
  test("says which port the rules of iptables would be about", () => {
    const matches = { incoming: [], outgoing: [] }
    expect(
      planLines({ target: target("203.0.113.7:443"), minutes: 5, matches, refusals: [], backend: "exec" }),
    ).toContain("would write rules of iptables: mangle PREROUTING and OUTPUT, 203.0.113.7:443")
  })
  test("a network is confirmed with what it matches", () => {
    const incoming = [socket(), socket({ key: "2", peerAddress: "203.0.113.8" })]
    expect(confirmationText(target("203.0.113.0/24"), { incoming, outgoing: [] })).toBe(
      "203.0.113.0/24 is a network: 2 connections of 2 peers match now",
    )
    expect(confirmationText(target("203.0.113.7"), { incoming, outgoing: [] })).toBeUndefined()
  })
})

describe("capabilities", () => {
  const kernel = { backend: "kernel" } as const
  const exec = { backend: "exec", reason: "" } as const
  const none = { backend: "none", reason: "" } as const
  test.each(
    named([
      [{ socket: kernel, conntrack: kernel, firewall: kernel }, "API:kernel", "ok"],
      [{ socket: exec, conntrack: exec, firewall: exec }, "API:exec(ss,conntrack,iptables)", "warn"],
      [{ socket: kernel, conntrack: kernel, firewall: exec }, "API:exec(iptables)", "warn"],
      [{ socket: kernel, conntrack: exec, firewall: none }, "API:exec(conntrack) none(firewall)", "crit"],
    ] as const),
  )("%s", (_, capabilities, text, tone) => expect(capabilityLabel(capabilities)).toEqual({ text, tone } as never))
  test("the kernel first, a program where it cannot, and else what is missing", () => {
    expect(chooseBackend("firewall", { hasProgram: true, isForced: false })).toEqual(kernel)
    expect(chooseBackend("firewall", { hasProgram: true, isForced: false, kernelProblem: "no" })).toEqual({
      backend: "exec",
      reason: "no",
    })
    expect(chooseBackend("firewall", { hasProgram: false, isForced: false, kernelProblem: "no" })).toEqual({
      backend: "none",
      reason: "no; without it install iptables",
    })
    expect(chooseBackend("firewall", { hasProgram: true, isForced: true }).backend).toBe("exec")
    expect(chooseBackend("firewall", { hasProgram: false, isForced: true }).backend).toBe("none")
  })
  test("HOLYF_FORCE_EXEC names subsystems", () => {
    expect([...parseForced("socket, firewall,nonsense")]).toEqual(["socket", "firewall"])
    expect([...parseForced(undefined)]).toEqual([])
  })
})

describe("iptables", () => {
  const request = { ...block("203.0.113.7:443") }
  test("four rules a block, all or none of them", () => {
    expect(restoreText(blockRules(request))).toMatchInlineSnapshot(`
      "*mangle
      -I PREROUTING 1 -s 203.0.113.7 -p tcp -m tcp --dport 443 -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
      -I PREROUTING 1 -s 203.0.113.7 -p udp -m udp --dport 443 -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
      -I OUTPUT 1 -d 203.0.113.7 -p tcp -m tcp --sport 443 ! --tcp-flags RST RST -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
      -I OUTPUT 1 -d 203.0.113.7 -p udp -m udp --sport 443 -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
      COMMIT
      "
    `)
  })
  test("its own listing is read back, and rules of others are passed over", () => {
    const listing = `-P PREROUTING ACCEPT
-A PREROUTING -s 203.0.113.7/32 -p tcp -m tcp --dport 443 -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
-A OUTPUT -d 203.0.113.7/32 -p tcp -m tcp --sport 443 ! --tcp-flags RST RST -m comment --comment "holyf-network block 7f3a2c9e, made 2026-03-08T12:56:30Z by alice, until 2026-03-08T13:01:30Z" -j DROP
-A PREROUTING -s 203.0.113.9/32 -p tcp -m comment --comment holyf-network -j DROP
-A PREROUTING -s 203.0.113.9/32 -j DROP
`
    const rules = readRules(listing)
    expect(rules.map(({ deletion }) => deletion.slice(0, 34))).toEqual([
      "-D PREROUTING -s 203.0.113.7/32 -p",
      "-D OUTPUT -d 203.0.113.7/32 -p tcp",
    ])
    expect(blocksOfRules(rules)).toEqual([{ ...request, backend: "iptables" }])
  })
})

test("lines of ss", () => {
  const text = `ESTAB 0      0      127.0.0.1:7001 127.0.0.1:50038 ino:12 sk:2609ff cgroup:/ <->
FIN-WAIT-2 0 0 [::ffff:192.0.2.1]:443 [::ffff:203.0.113.7]:1 timer:(timewait,50sec,0) ino:0 sk:1
0      0      [fe80::1]%eth0:53 [fe80::2]:99 ino:3 sk:2
nonsense
LISTEN 1      5              *:7001           *:* ino:7704778 sk:260a00 cgroup:/ <->`
  expect(readSsLines(text, "tcp")).toMatchInlineSnapshot(`
    [
      {
        "isRemnant": false,
        "key": "2492927",
        "localAddress": "127.0.0.1",
        "localPort": 7001,
        "peerAddress": "127.0.0.1",
        "peerPort": 50038,
        "protocol": "tcp",
        "state": "ESTABLISHED",
      },
      {
        "isRemnant": true,
        "key": "1",
        "localAddress": "192.0.2.1",
        "localPort": 443,
        "peerAddress": "203.0.113.7",
        "peerPort": 1,
        "protocol": "tcp",
        "state": "FIN_WAIT2",
      },
      {
        "isRemnant": false,
        "key": "2",
        "localAddress": "fe80::1",
        "localPort": 53,
        "peerAddress": "fe80::2",
        "peerPort": 99,
        "protocol": "tcp",
        "state": "",
      },
      {
        "isRemnant": false,
        "key": "2492928",
        "localAddress": "::",
        "localPort": 7001,
        "peerAddress": "::",
        "peerPort": 0,
        "protocol": "tcp",
        "state": "LISTEN",
      },
    ]
  `)
})

test("a line of the action log holds one line, whoever wrote its words", () => {
  expect(
    auditLine({
      time: "2026-03-08T12:56:30Z",
      actor: { uid: 0, sudoUser: "alice\nuid=5", tty: "/dev/pts/3" },
      what: "block 203.0.113.7:443",
      result: "done\nfake \u001b[31m",
    }),
  ).toBe("2026-03-08T12:56:30Z uid=0 sudo_user=alice?uid?5 tty=/dev/pts/3 block 203.0.113.7:443: done?fake ?[31m")
})
