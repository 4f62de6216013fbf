import { describe, expect, test } from "bun:test"
import {
  isBalanced,
  largestFile,
  modes,
  openForm,
  parsePeerPort,
  readForm,
  setMode,
  type TraceForm,
  takesWholeConversations,
} from "../../../src/core/trace/filter.ts"

const tuple = { local: "10.0.0.1", localPort: 443, remote: "10.0.0.2", remotePort: 50_000 }
const form = (spec: Partial<TraceForm> = {}): TraceForm => ({
  ...openForm({ peer: "10.0.0.2", port: 443, side: "in", tuple }, "eth0"),
  ...spec,
})
const filterOf = (spec: Partial<TraceForm>) => {
  const reading = readForm(form(spec))
  if (!reading.ok) throw new Error(`${reading.field} ${reading.reason}`)
  return reading.filter
}

const fragments = "(host 10.0.0.2 and ip[6:2] & 0x1fff != 0) or "
const witnesses = "(icmp and (icmp[20:4] = 0x0a000002 or icmp[24:4] = 0x0a000002)) or (arp and host 10.0.0.2)"

describe("the filter", () => {
  test.each<readonly [Partial<TraceForm>, string]>([
    [{}, `(host 10.0.0.2 and port 443) or ${fragments}${witnesses}`],
    [{ protocol: "tcp" }, `(tcp and host 10.0.0.2 and port 443) or ${fragments}${witnesses}`],
    [{ strategy: "peer-only" }, `(host 10.0.0.2) or ${witnesses}`],
    [
      { strategy: "syn-rst" },
      `(tcp and host 10.0.0.2 and port 443 and (tcp[tcpflags] & (tcp-syn|tcp-rst) != 0)) or ${witnesses}`,
    ],
    [
      { strategy: "five-tuple" },
      "(tcp and ((src host 10.0.0.1 and src port 443 and dst host 10.0.0.2 and dst port 50000) or " +
        `(src host 10.0.0.2 and src port 50000 and dst host 10.0.0.1 and dst port 443))) or ${witnesses}`,
    ],
    [
      { mode: "custom", clause: " less 100 " },
      `(host 10.0.0.2 and port 443 and (less 100)) or ${fragments}${witnesses}`,
    ],
    // Only in mode custom.
    [{ clause: "less 100" }, `(host 10.0.0.2 and port 443) or ${fragments}${witnesses}`],
    [
      { gateway: "10.0.0.254" },
      `(host 10.0.0.2 and port 443) or ${fragments}${witnesses.replace(/10\.0\.0\.2\)$/, "10.0.0.254)")}`,
    ],
    [
      { aliases: [{ port: 443, address: "10.0.0.2", aliasPort: 8443 }] },
      `(((host 10.0.0.2 and port 443) or (host 10.0.0.2 and port 8443))) or ${fragments}${witnesses}`,
    ],
    [
      {
        protocol: "tcp",
        aliases: [{ port: 443, address: "10.244.1.5", aliasPort: 6443 }],
        mode: "custom",
        clause: "less 100",
      },
      "(tcp and ((host 10.0.0.2 and port 443) or (host 10.244.1.5 and port 6443)) and (less 100)) or " +
        `${fragments}${witnesses}`,
    ],
    [
      { strategy: "peer-only", aliases: [{ port: 443, address: "10.244.1.5", aliasPort: 6443 }] },
      `(((host 10.0.0.2) or (host 10.244.1.5))) or ${witnesses}`,
    ],
    // Of another port, of another family: not meant.
    [
      {
        aliases: [
          { port: 80, address: "10.244.1.5", aliasPort: 6443 },
          { port: 443, address: "2001:db8::5", aliasPort: 6443 },
        ],
      },
      `(host 10.0.0.2 and port 443) or ${fragments}${witnesses}`,
    ],
  ])("%o", (spec, filter) => {
    expect(filterOf(spec)).toBe(filter)
  })

  test.each<readonly [Partial<TraceForm>, string, string]>([
    [{ peer: "web1" }, "peer", "takes an IPv4 or IPv6 address"],
    [{ peer: "10.0.0.2 or host 1.1.1.1" }, "peer", "takes an IPv4 or IPv6 address"],
    [{ port: 0 }, "port", "takes a number from 1 to 65535"],
    [{ interfaceName: " " }, "interface", "takes the name of an interface, or any"],
    [{ seconds: 61 }, "seconds", "takes a number from 1 to 60"],
    [{ packets: 20_001 }, "packets", "takes a number from 1 to 20000"],
    [{ snapLength: 10 }, "snap-length", "takes a number from 64 to 65535"],
    [{ peer: "10.0.0.9", strategy: "five-tuple" }, "peer", "is another one than the connection's; choose Peer + Port"],
    [{ mode: "custom", clause: "tcp) or (ip" }, "clause", "has brackets that do not match"],
    [{ mode: "custom", clause: "a\nb" }, "clause", "takes one line"],
  ])("%o is refused at its field", (spec, field, reason) => {
    expect(readForm(form(spec))).toEqual({ ok: false, field, reason } as never)
  })

  test("what needs a port, or one connection, says so", () => {
    const { port: _, ...noPort } = form({ strategy: "peer-port" })
    expect(readForm(noPort)).toEqual({ ok: false, field: "port", reason: "is needed for Peer + Port" })
    const { tuple: __, ...noTuple } = form({ strategy: "five-tuple" })
    expect(readForm(noTuple)).toMatchObject({ ok: false, field: "strategy" })
  })

  test("brackets", () => {
    expect(["", "()", "(a)(b)", "((a))"].every(isBalanced)).toBe(true)
    expect([")(", "(", "())("].some(isBalanced)).toBe(false)
  })
})

describe("the form", () => {
  test("every mode sees both directions and stays within the limits", () => {
    for (const { mode } of modes) {
      const set = setMode(form(), mode)
      expect(set.direction).toBe("any")
      expect(readForm(set).ok).toBe(true)
    }
  })

  test("a seed without a port asks for the peer only", () => {
    expect(openForm({ peer: "10.0.0.2", side: "out" }, "eth0").strategy).toBe("peer-only")
  })

  test("custom keeps what the mode before set", () => {
    const storm = setMode(form(), "reset-storm")
    expect(setMode(storm, "custom")).toEqual({ ...storm, mode: "custom" })
  })

  test("whole conversations are taken unless flags or a clause choose", () => {
    expect(takesWholeConversations(form())).toBe(true)
    expect(takesWholeConversations(form({ strategy: "syn-rst" }))).toBe(false)
    expect(takesWholeConversations(form({ mode: "custom", clause: "less 100" }))).toBe(false)
  })

  test("the file is never larger than was said", () => {
    expect(largestFile({ packets: 2_000, snapLength: 512 })).toBe(24 + 2_000 * 528)
  })
})

test.each([
  ["10.0.0.1", [10, 0, 0, 1], undefined],
  ["10.0.0.1:443", [10, 0, 0, 1], 443],
  ["::1", [...new Array<number>(15).fill(0), 1], undefined],
  ["[::1]:53", [...new Array<number>(15).fill(0), 1], 53],
  ["[::1]", [...new Array<number>(15).fill(0), 1], undefined],
  ["[10.0.0.1]:80", [10, 0, 0, 1], 80],
] as const)("%s is a peer", (text, peer, port) => {
  expect(parsePeerPort(text)).toEqual({ peer: Uint8Array.from(peer), ...(port === undefined ? {} : { port }) })
})

test.each(["", "web1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:x", "1.2.3:80", "[::1]:", "10.0.0.1:443:1", "-w"])(
  "%p is no peer",
  (text) => {
    expect(parsePeerPort(text)).toBeUndefined()
  },
)
