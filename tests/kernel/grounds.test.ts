/** What the diagnosis reads, against the real kernel and the tools that explain it. */
import { afterAll, beforeAll, expect } from "bun:test"
import dgram from "node:dgram"
import { readFileSync } from "node:fs"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { GroundsReader } from "../../src/shell/grounds.ts"
import {
  listDropRules,
  listLinkGrounds,
  listNeighbourTables,
  listQueueGrounds,
} from "../../src/shell/kernel/grounds.ts"
import { listSocketsOf } from "../../src/shell/kernel/sockets.ts"
import { NamespaceList } from "../../src/shell/namespaces.ts"
import { readCounters } from "../../src/shell/procfs.ts"
import { requires } from "../support/requirements.ts"
import { runProgram } from "../support/source-program.ts"

const inNamespace = requires({ root: true, tools: ["ip", "tc", "nft"], namespace: true })
const run = (...command: string[]) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command)
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`)
  return stdout.toString()
}
const isReady = () => Bun.which("ip") !== null && Bun.spawnSync(["ip", "link", "set", "lo", "up"]).exitCode === 0

beforeAll(() => {
  if (!isReady()) return
  Bun.spawnSync(["ip", "link", "add", "gv0", "type", "veth", "peer", "name", "gv1"])
})
afterAll(() => {
  if (!isReady()) return
  Bun.spawnSync(["ip", "link", "del", "gv0"])
  Bun.spawnSync(["nft", "delete", "table", "inet", "grounds_test"])
})

inNamespace("every link, as ip shows it", async () => {
  run("ip", "link", "set", "gv0", "mtu", "1400")
  const links = await listLinkGrounds()
  const shown = JSON.parse(run("ip", "-j", "-s", "link")) as {
    ifname: string
    mtu: number
    stats64: { rx: { packets: number } }
  }[]
  expect(links.map(({ name, mtu }) => [name, mtu])).toEqual(shown.map(({ ifname, mtu }) => [ifname, mtu]))
  expect(links.find(({ name }) => name === "lo")!.isLoopback).toBe(true)
  expect(links.find(({ name }) => name === "gv0")!.carrierChanges).toBeGreaterThan(0)
})

inNamespace("a queue that drops, as tc shows it", async () => {
  run("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "100kbit", "burst", "2000", "limit", "3000")
  try {
    const sender = dgram.createSocket("udp4")
    for (let i = 0; i < 20; i++)
      await new Promise<void>((sent) => sender.send(Buffer.alloc(1_000), 9, "127.0.0.1", () => sent()))
    sender.close()
    const queue = (await listQueueGrounds()).find(({ kind }) => kind === "tbf")!
    const [shown] = (
      JSON.parse(run("tc", "-j", "-s", "qdisc", "show", "dev", "lo")) as { drops: number; kind: string }[]
    ).filter(({ kind }) => kind === "tbf")
    expect(queue.drops).toBe(shown!.drops)
    expect(queue.drops).toBeGreaterThan(0)
  } finally {
    run("tc", "qdisc", "del", "dev", "lo", "root")
  }
})

inNamespace("rules that drop and count, and no others", async () => {
  run(
    "nft",
    `table inet grounds_test {
      chain in { type filter hook input priority 0;
        udp dport 7001 counter drop
        udp dport 7002 counter reject
        udp dport 7003 counter accept
        udp dport 7004 drop
      }
    }`,
  )
  const sender = dgram.createSocket("udp4")
  for (let i = 0; i < 3; i++)
    await new Promise<void>((sent) => sender.send(Buffer.alloc(10), 7001, "127.0.0.1", () => sent()))
  sender.close()
  const rules = (await listDropRules()).filter(({ table }) => table === "grounds_test")
  expect(rules.map(({ family, chain, packets }) => [family, chain, packets])).toEqual([
    ["inet", "in", 3],
    ["inet", "in", 0],
  ])
})

inNamespace("the neighbour tables of the whole machine, with their limit", async () => {
  const tables = await listNeighbourTables()
  expect(tables.map(({ family }) => family).sort()).toEqual(["IPv4", "IPv6"])
  for (const { entriesMax, entryCount } of tables) {
    expect(entriesMax).toBeGreaterThan(0)
    expect(entryCount).toBeGreaterThanOrEqual(0)
  }
})

inNamespace("all of it at once; each source answers, or says why not", async () => {
  const reader = new GroundsReader()
  const table = createSocketTable()
  const socket = dgram.createSocket("udp4")
  await new Promise<void>((connected) => socket.connect(53, "127.0.0.1", () => connected()))
  try {
    const slots = new NamespaceList().look()
    const { namespaces } = await listSocketsOf(table, slots)
    const sockets = { table, owners: [], isComplete: true, namespaces }
    const grounds = await reader.read({ counters: readCounters(), slots, sockets })
    const [own] = grounds.namespaces
    expect(own!.name).toBe("host")
    expect(own!.udp.ok && own!.udp.value.some(({ localPort }) => localPort === socket.address().port)).toBe(true)
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/).map(Number)
    expect(own!.portRange.ok && [own!.portRange.value.from, own!.portRange.value.to]).toEqual(range.slice(0, 2))
    expect(grounds.isTcpPressed).toEqual({ ok: true, value: false })
    expect(grounds.cpuTimes.ok).toBe(true)
    expect(grounds.clock.ok).toBe(true)
    // In a namespace that is not the host's own, its limits are out of sight, and that is said.
    expect(grounds.tcpMemory).toMatchObject({
      ok: false,
      reason: expect.stringContaining("host's own network namespace"),
    })
  } finally {
    socket.close()
  }
})

inNamespace("another namespace has its counters and ports under the index that its sockets carry", async () => {
  run("ip", "netns", "add", "grounds-other")
  try {
    const slots = new NamespaceList().look()
    const index = slots.findIndex((slot) => slot?.name === "grounds-other")
    expect(index).toBeGreaterThan(0)
    run("ip", "netns", "exec", "grounds-other", "sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40009")
    const grounds = await new GroundsReader().read({ counters: readCounters(), slots })
    const other = grounds.namespaces.find((each) => each.index === index)!
    expect(other.name).toBe("grounds-other")
    expect(other.counters.ok && other.counters.value.Tcp!.CurrEstab).toBe(0)
    expect(other.portRange).toEqual({ ok: true, value: { from: 40_000, to: 40_009, reservedCount: 0 } })
  } finally {
    run("ip", "netns", "del", "grounds-other")
  }
})

inNamespace(
  "diagnose names the rule that drops, as JSON and as a line for a pager, with the exit code of a warning",
  async () => {
    const [first] = await listDropRules()
    const sender = dgram.createSocket("udp4")
    const timer = setInterval(() => sender.send(Buffer.alloc(10), 7001, "127.0.0.1", () => {}), 20)
    try {
      const { stdout, exitCode } = await runProgram(["diagnose", "--json", "--sample", "3", "-i", "lo"])
      const { health, findings, cost } = JSON.parse(stdout)
      expect(findings).toMatchObject([
        {
          id: "firewall-drops",
          severity: "warn",
          culprit: { netns: "host", rule: `inet grounds_test in handle ${first!.handle}` },
        },
      ])
      expect([health, exitCode]).toEqual(["warn", 1])
      expect(cost.wall_ms).toBeGreaterThan(2_900)
      const text = await runProgram(["diagnose", "--sample", "1", "-i", "lo"])
      expect(text.stdout.split("\n")[0]).toBe(
        `WARN firewall-drops: This host's firewall drops packets: rule inet grounds_test in handle ${first!.handle}`,
      )
    } finally {
      clearInterval(timer)
      sender.close()
    }
  },
  30_000,
)

inNamespace("diagnose of a host where nothing is wrong ends with 0, and a wrong line with 3", async () => {
  expect(await runProgram(["diagnose", "--sample", "2", "-i", "lo"])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^OK no dominant issue\n/),
  })
  expect(await runProgram(["diagnose", "--sample", "0"])).toMatchObject({ exitCode: 3, stdout: "" })
  expect(await runProgram(["diagnose", "--health-config", "/nowhere.toml"])).toMatchObject({ exitCode: 3, stdout: "" })
})
