/** Real faults between real hosts, captured by tcpdump and judged: each must be called what it is. */
import { afterAll, beforeAll, expect } from "bun:test"
import dgram from "node:dgram"
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SNAP_LENGTH, type TraceForm } from "../../src/core/trace/filter.ts"
import { chooseWay, runTrace, type TraceOutcome } from "../../src/shell/trace.ts"
import { areMet, requires } from "../support/requirements.ts"
import { command } from "../support/source-program.ts"
import { until } from "./small-world.ts"
import { ABSENT, NARROW_MTU, OURS, openTraceWorld, PEER, port, type TraceWorld } from "./trace-world.ts"

const needs = { root: true, tools: ["ip", "nft", "nsenter", "unshare", "tcpdump"], namespace: true } as const
const inNamespace = requires(needs)
let world: TraceWorld | undefined
const dataDir = mkdtempSync(join(tmpdir(), "holyf-trace-"))
const sockets: net.Socket[] = []

beforeAll(async () => {
  if (!areMet(needs)) return
  world = await openTraceWorld()
}, 20_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await world?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const formFor = (spec: Partial<TraceForm>): TraceForm => ({
  peer: PEER,
  interfaceName: "tr0",
  mode: "general",
  strategy: spec.port === undefined ? "peer-only" : "peer-port",
  direction: "any",
  seconds: 3,
  packets: 20_000,
  snapLength: SNAP_LENGTH,
  isSaved: true,
  clause: "",
  ...spec,
})

/** Captures while `traffic` goes on; ends as soon as `traffic` says it has seen enough, or at the form's seconds. */
async function traced(
  spec: Partial<TraceForm>,
  traffic: () => Promise<void>,
  namespacePid?: number,
): Promise<TraceOutcome> {
  const stop = new AbortController()
  const namespace = namespacePid === undefined ? undefined : { path: `/proc/${namespacePid}/ns/net`, name: "peer" }
  return runTrace(
    { form: formFor(spec), dataDir, ...(namespace === undefined ? {} : { namespace }) },
    {
      command: command([]),
      stop: stop.signal,
      onListening: () => {
        void traffic().then(() => stop.abort())
      },
    },
  )
}

function connect(toPort: number, host = PEER): net.Socket {
  const socket = net.connect({ host, port: toPort })
  socket.on("error", () => {})
  sockets.push(socket)
  return socket
}
const happens = (socket: net.Socket, event: string) =>
  new Promise<void>((resolve) => socket.once(event, () => resolve()))
const ids = ({ verdict }: TraceOutcome) => verdict.findings.map(({ id }) => id)
const never = () => new Promise<void>(() => {})
const wait = (ms: number) => Bun.sleep(ms)

inNamespace(
  "a healthy exchange is judged healthy",
  async () => {
    const outcome = await traced({ port: port.healthy }, async () => {
      const socket = connect(port.healthy)
      await happens(socket, "connect")
      for (let i = 0; i < 20; i++) {
        socket.write(Buffer.alloc(500 + i * 40))
        await happens(socket, "data")
      }
      socket.end()
      await happens(socket, "close")
      // The last acknowledgement is on its way to tcpdump.
      await wait(200)
    })
    expect(outcome.verdict).toMatchObject({ findings: [], summary: "Nothing is wrong in what was captured" })
    expect(outcome.trace.counts).toMatchObject({ syn: 1, synAck: 1, fin: 2, rst: 0, malformed: 0 })
    expect(outcome.trace.conversations).toHaveLength(1)
    expect(outcome.entry).toMatchObject({ status: "aborted", severity: "INFO", peer_ip: PEER, port: port.healthy })
  },
  20_000,
)

inNamespace(
  "a lost SYN is a SYN without an answer",
  async () => {
    const outcome = await traced({ port: port.lostSyn }, async () => {
      connect(port.lostSyn)
      await never()
    })
    expect(ids(outcome)).toEqual(["syn-unanswered"])
    const [finding] = outcome.verdict.findings
    expect(finding!.evidence[0]).toMatch(
      /^this host \(10\.77\.1\.1:\d+\) sent \[S\] to peer 10\.77\.2\.2:7002 (twice|3 times), no answer \(packets /,
    )
    expect(finding!.meaning).toContain("This host's SYN leaves")
  },
  20_000,
)

inNamespace(
  "a closed port refuses",
  async () => {
    const outcome = await traced({ port: port.refused }, async () => {
      await happens(connect(port.refused), "close")
      await wait(200)
    })
    expect(ids(outcome)).toEqual(["refused"])
    expect(outcome.verdict.findings[0]!.evidence).toEqual([
      `peer ${PEER}:${port.refused} answered [S] with [R.] (packets 1, 2)`,
    ])
  },
  20_000,
)

inNamespace(
  "a peer that closes without an answer is named",
  async () => {
    const outcome = await traced({ port: port.closing }, async () => {
      const socket = connect(port.closing)
      await happens(socket, "connect")
      socket.write("a question")
      await happens(socket, "close")
      await wait(200)
    })
    expect(ids(outcome)).toEqual(["closed-early"])
    expect(outcome.verdict.findings[0]!.evidence[0]).toMatch(
      /^peer 10\.77\.2\.2:7004 closed with \[F\.\] and left packet \d+ unanswered/,
    )
  },
  20_000,
)

inNamespace(
  "a peer that resets is named",
  async () => {
    const outcome = await traced({ port: port.resetting }, async () => {
      const socket = connect(port.resetting)
      await happens(socket, "connect")
      socket.write("a question")
      await happens(socket, "close")
      await wait(200)
    })
    expect(ids(outcome)).toEqual(["connection-reset"])
    expect(outcome.verdict.findings[0]!.evidence[0]).toMatch(
      /^peer 10\.77\.2\.2:7005 sent \[R\] .* while data was under way/,
    )
  },
  20_000,
)

inNamespace(
  "losses on the way are retransmissions of the side that sends",
  async () => {
    const outcome = await traced({ port: port.lossy, seconds: 5 }, async () => {
      const socket = connect(port.lossy)
      await happens(socket, "connect")
      for (let i = 0; i < 120; i++) {
        socket.write(Buffer.alloc(1_000))
        await wait(10)
      }
    })
    expect(ids(outcome)).toContain("retransmissions")
    expect(ids(outcome)).not.toContain("mtu-black-hole")
    expect(ids(outcome)).not.toContain("one-way-traffic")
    const finding = outcome.verdict.findings.find(({ id }) => id === "retransmissions")!
    expect(finding.title).toBe(`Retransmissions from this host (${OURS})`)
    const [side] = outcome.trace.conversations[0]!.sides
    expect(side.retransmits).toBeGreaterThanOrEqual(5)
  },
  20_000,
)

inNamespace(
  "full-size packets that vanish are an MTU black hole",
  async () => {
    world!.atRouter(`ip link set tp0 mtu ${NARROW_MTU}`)
    const outcome = await traced({ port: port.large, seconds: 6 }, async () => {
      const socket = connect(port.large)
      await happens(socket, "connect")
      socket.write("a small question")
      await happens(socket, "data")
      socket.write(Buffer.alloc(60_000))
      await never()
    })
    world!.atRouter("ip link set tp0 mtu 1500")
    expect(ids(outcome)).toContain("mtu-black-hole")
    expect(ids(outcome)).not.toContain("one-way-traffic")
    expect(outcome.verdict.findings[0]).toMatchObject({ id: "mtu-black-hole", severity: "crit" })
    expect(outcome.verdict.findings[0]!.evidence.join("\n")).toContain("no ICMP message asks for smaller packets")
  },
  20_000,
)

inNamespace(
  "a filter that lets one direction through is traffic one way",
  async () => {
    const outcome = await traced({ port: port.oneWay, seconds: 5 }, async () => {
      const socket = connect(port.oneWay)
      await happens(socket, "connect")
      socket.write("a question")
      await happens(socket, "data")
      world!.atPeer(`nft add rule inet t in tcp dport ${port.oneWay} drop`)
      socket.write("another question")
      await never()
    })
    expect(ids(outcome)).toEqual(["one-way-traffic"])
    expect(outcome.verdict.findings[0]!.evidence[0]).toMatch(
      /^this host \(10\.77\.1\.1:\d+\) sent the same 16 bytes again \d+ times, never acknowledged/,
    )
  },
  20_000,
)

inNamespace(
  "answers that do not arrive: seen inside the peer's namespace, each [S.] is unanswered",
  async () => {
    const spec = { port: port.noReturn, seconds: 5, peer: OURS, interfaceName: "any" }
    const outcome = await traced(
      spec,
      async () => {
        connect(port.noReturn)
        await never()
      },
      world!.peerPid,
    )
    expect(ids(outcome)).toEqual(["syn-ack-unanswered"])
    expect(outcome.about).toMatchObject({ interfaceName: "any", netns: "peer" })
    expect(outcome.trace.counts.copies).toBe(0)
  },
  20_000,
)

inNamespace(
  "a reader that stops closes its window",
  async () => {
    const outcome = await traced({ port: port.unread, seconds: 4 }, async () => {
      const socket = connect(port.unread)
      await happens(socket, "connect")
      socket.write(Buffer.alloc(20_000_000))
      await never()
    })
    const finding = outcome.verdict.findings.find(({ id }) => id === "zero-window")
    expect(finding).toMatchObject({ severity: "crit", confidence: "high" })
    expect(finding!.evidence[0]).toMatch(/^peer 10\.77\.2\.2:7009 said window 0/)
  },
  20_000,
)

inNamespace(
  "an address that nobody has is ARP without an answer",
  async () => {
    const outcome = await traced({ peer: ABSENT, port: 80, seconds: 4 }, async () => {
      connect(80, ABSENT)
      await never()
    })
    expect(outcome.verdict.findings[0]).toMatchObject({ id: "arp-unanswered", severity: "crit" })
  },
  20_000,
)

inNamespace(
  "DNS that does not answer is named with its question",
  async () => {
    const query = Buffer.from(
      `12340100000100000000000007${Buffer.from("example").toString("hex")}04746573740000010001`,
      "hex",
    )
    const outcome = await traced({ port: 53, seconds: 3 }, async () => {
      const socket = dgram.createSocket("udp4")
      socket.send(query, 53, PEER)
      await wait(300)
      socket.send(query, 53, PEER)
      await wait(300)
      socket.close()
    })
    expect(ids(outcome)).toEqual(["dns-unanswered"])
    expect(outcome.verdict.findings[0]!.evidence[1]).toBe(`example.test A: asked twice of ${PEER} (packet 1)`)
  },
  20_000,
)

inNamespace(
  "no packet is explained: what that proves and what not",
  async () => {
    const outcome = await traced({ port: 6_553, seconds: 1 }, never)
    expect(ids(outcome)).toEqual(["no-packets"])
    expect(outcome.verdict.findings[0]!.title).toBe(`Not one packet to or from ${PEER} on port 6553`)
  },
  20_000,
)

inNamespace("the way to a peer is the route's interface with its next hop, and any inside a namespace", async () => {
  const peer = Uint8Array.from([10, 77, 2, 2])
  expect(await chooseWay(peer)).toEqual({ interfaceName: "tr0", gateway: "10.77.1.254" })
  expect(await chooseWay(Uint8Array.from([127, 0, 0, 1]))).toEqual({ interfaceName: "lo" })
  expect(await chooseWay(peer, { isInNamespace: true })).toEqual({ interfaceName: "any" })
  expect(await chooseWay(peer, { isTranslated: true })).toMatchObject({ interfaceName: "any" })
})

inNamespace(
  "an interface that goes in the middle of a capture ends it with a reason, and what came before is judged",
  async () => {
    Bun.spawnSync([
      "sh",
      "-c",
      "ip link add gone0 type veth peer name gone1 && ip link set gone1 up && ip addr add 10.78.0.1/24 dev gone0 && ip link set gone0 up",
    ])
    const outcome = await traced({ peer: "10.78.0.9", interfaceName: "gone0", seconds: 8 }, async () => {
      connect(80, "10.78.0.9")
      await wait(1_200)
      Bun.spawnSync(["ip", "link", "del", "gone0"])
      await never()
    })
    expect(outcome.entry.status).toBe("failed")
    expect(outcome.verdict.findings[0]).toMatchObject({ id: "capture-failed", severity: "crit" })
    expect(outcome.entry.capture_err).toMatch(/interface|device|network is down/i)
  },
  20_000,
)

inNamespace("captures are 0600 in a folder of 0700, and belong to us alone", () => {
  const folder = join(dataDir, "traces")
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  const names = readdirSync(folder)
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
})

inNamespace(
  "SIGKILL of the program leaves no tcpdump",
  async () => {
    const child = Bun.spawn(command(["trace", PEER, "--seconds", "60", "--data-dir", dataDir]), {
      stdout: "ignore",
      stderr: "ignore",
    })
    const tcpdumps = () =>
      Bun.spawnSync(["ps", "-eo", "pid=,ppid=,user=,args="])
        .stdout.toString()
        .split("\n")
        .filter((line) => line.includes("tcpdump") && line.includes(PEER) && line.includes("--immediate-mode"))
    await until("tcpdump to run", () => tcpdumps().some((line) => /\/tcpdump -i/.test(line)))
    const [line] = tcpdumps()
    const pid = Number(line!.trim().split(/\s+/)[0])
    child.kill("SIGKILL")
    await child.exited
    const killedAt = performance.now()
    await until("tcpdump to end", () => !readdirSync("/proc").includes(`${pid}`))
    expect(performance.now() - killedAt).toBeLessThan(2_000)
  },
  20_000,
)
