/** Blocks and kills against the real kernel: a host, a peer, a container behind a published port. */
import { afterAll, afterEach, beforeAll, describe, expect } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Block, lostBlocks } from "../../src/core/mitigation/block.ts"
import { parseTarget, type Target } from "../../src/core/mitigation/target.ts"
import {
  blockPeer,
  listBlocks,
  readRulesetGeneration,
  tidyFirewall,
  unblockAll,
  unblockPeer,
} from "../../src/shell/kernel/firewall.ts"
import { destroySockets, findPeerSockets, listListening, openSockets } from "../../src/shell/kernel/peer-sockets.ts"
import { killPeer, type Means, probeCapabilities } from "../../src/shell/mitigation.ts"
import { blockByIptables, listIptablesBlocks, unblockAllByIptables } from "../../src/shell/tools/iptables.ts"
import { dyingWithUs, Helper } from "../support/helper.ts"
import { areMet, requires } from "../support/requirements.ts"
import { command } from "../support/source-program.ts"
import { HOST, HOST6, OTHER, openTwoHosts, PEER, PEER6, PORT, PUBLISHED, shell, type TwoHosts } from "./two-hosts.ts"

const tools = ["ip", "unshare", "nsenter", "nft", "perl", "iptables", "ip6tables", "conntrack", "ss", "mount"]
const needs = { root: true, tools, namespace: true } as const
const inNamespace = requires(needs)

const target = (text: string): Target => {
  const parsed = parseTarget(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

let ids = 0
const request = (text: string, durationMs = 300_000) => ({
  id: (++ids).toString(16).padStart(8, "0"),
  target: target(text),
  startedAt: Date.now(),
  durationMs,
  by: "test",
})

const ruleset = () => shell("nft list ruleset")
/** Flows that `from` has open to a port, as `conntrack` counts them. */
const flowCount = (from: string, port: number) =>
  Number(
    shell(`conntrack -L -p tcp --orig-src ${from} --orig-port-dst ${port} 2>/dev/null | grep -c ESTABLISHED || true`),
  )
const REACHED = "ok"
const DROPPED = "timeout"

let hosts: TwoHosts
let native: Means
let byPrograms: Means
let isReady = false

beforeAll(async () => {
  // Outside a namespace of its own every test is skipped, and nothing may be made.
  if (!areMet(needs)) return
  hosts = await openTwoHosts()
  native = { capabilities: await probeCapabilities(new Set()) }
  byPrograms = { capabilities: await probeCapabilities(new Set(["socket", "conntrack", "firewall"])) }
  isReady = true
}, 20_000)
afterAll(async () => {
  if (isReady) await hosts.close()
})
afterEach(async () => {
  if (!isReady) return
  await unblockAll()
  await unblockAllByIptables()
  await hosts.peer.close()
  // The service holds on to what its clients have closed.
  shell(`ss -K dst 10.9.0.0/24 sport = :${PORT}`)
  shell("conntrack -F 2>/dev/null")
})

/** Asks until it holds. */
async function until(what: string, holds: () => Promise<boolean>, deadlineMs = 5_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`)
    await Bun.sleep(20)
  }
}

describe("a block in the kernel", () => {
  inNamespace("keeps the peer from the local and from the published port, and nobody else", async () => {
    const { peer } = hosts
    for (const port of [PORT, PUBLISHED]) {
      expect(await peer.try(PEER, HOST, port)).toBe(REACHED)
      await blockPeer(request(`${PEER}:${port}`))
      expect(await peer.try(PEER, HOST, port)).toBe(DROPPED)
      expect(await peer.try(OTHER, HOST, port)).toBe(REACHED)
    }
    await unblockPeer(target(`${PEER}:${PORT}`))
    expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
    expect(await peer.try(PEER, HOST, PUBLISHED)).toBe(DROPPED)
  })

  inNamespace(
    "of an IPv4 peer leaves IPv6 alone, where its address stands in the same bytes; and IPv6 has its own",
    async () => {
      const { peer } = hosts
      await blockPeer(request(`${PEER}:${PORT}`))
      expect(await peer.try(PEER6, HOST6, PORT)).toBe(REACHED)
      await blockPeer(request(`[${PEER6}]:${PORT}`))
      expect(await peer.try(PEER6, HOST6, PORT)).toBe(DROPPED)
      await unblockPeer(target(`${PEER}:${PORT}`))
      expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
    },
  )

  inNamespace("without a port keeps it from every port; a network keeps all of its hosts", async () => {
    const { peer } = hosts
    await blockPeer(request(PEER))
    for (const port of [PORT, PUBLISHED]) expect(await peer.try(PEER, HOST, port)).toBe(DROPPED)
    expect(await peer.try(OTHER, HOST, PORT)).toBe(REACHED)
    await unblockPeer(target(PEER))
    await blockPeer(request(`10.9.0.2/31:${PORT}`))
    for (const from of [PEER, OTHER]) expect(await peer.try(from, HOST, PORT)).toBe(DROPPED)
    expect(await peer.try(OTHER, HOST, PUBLISHED)).toBe(REACHED)
    await expect(blockPeer(request("10.9.0.0/24"))).rejects.toThrow(/overlaps the block of 10\.9\.0\.2\/31:8080/)
  })

  inNamespace("makes nothing before the first and leaves nothing after the last", async () => {
    const before = ruleset()
    expect((await listBlocks()).blocks).toEqual([])
    expect(await unblockPeer(target(PEER))).toEqual([])
    await tidyFirewall()
    expect(ruleset()).toBe(before)
    await blockPeer(request(`${PEER}:${PORT}`))
    await blockPeer(request("10.77.0.0/16"))
    expect(ruleset()).toContain('comment "holyf-network: IPv4 peers kept from one port of this host"')
    await unblockPeer(target(`${PEER}:${PORT}`))
    expect(ruleset()).toContain("10.77.0.0/16 . 0-65535")
    await unblockPeer(target("10.77.0.0/16"))
    expect(ruleset()).toBe(before)
  })

  inNamespace("gets a new time when it is asked for again, and the old time lifts nothing", async () => {
    for (const text of [PEER, `${PEER}:${PORT}`, `10.9.0.0/24:${PORT}`]) {
      await blockPeer(request(text, 400))
      const { replaced } = await blockPeer(request(text, 60_000))
      expect(replaced?.durationMs).toBe(400)
    }
    await Bun.sleep(700)
    const { blocks } = await listBlocks()
    expect(blocks.map(({ durationMs }) => durationMs)).toEqual([60_000, 60_000, 60_000])
    for (const { expiresAt } of blocks) expect(expiresAt - Date.now()).toBeGreaterThan(50_000)
  })

  inNamespace("is lifted on time although its program was killed", async () => {
    const DURATION_MS = 1_500
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "block-and-hang.ts"), `${PEER}:${PORT}`, String(DURATION_MS)],
      { stdout: "pipe", stderr: "ignore" },
    )
    const reader = child.stdout.getReader()
    await reader.read()
    const placed = performance.now()
    child.kill("SIGKILL")
    await child.exited
    expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
    await until("the block is lifted", async () => (await hosts.peer.try(PEER, HOST, PORT)) === REACHED)
    expect(performance.now() - placed).toBeGreaterThan(DURATION_MS - 300)
    expect((await listBlocks()).blocks).toEqual([])
    await tidyFirewall()
    expect(ruleset()).not.toContain("holyf-network")
  })

  inNamespace("does not touch what others made", async () => {
    shell("nft add table inet holyf-network; nft add chain inet holyf-network theirs")
    try {
      await expect(blockPeer(request(PEER))).rejects.toThrow(
        `cannot block ${PEER}: table inet holyf-network exists and does not carry our mark`,
      )
      expect((await listBlocks()).blocks).toEqual([])
      await expect(unblockAll()).rejects.toThrow("somebody else made it")
      expect(ruleset()).toContain("chain theirs")
    } finally {
      shell("nft delete table inet holyf-network")
    }
    // And what others put into ours.
    await blockPeer(request(PEER))
    shell("nft add element inet holyf-network peer4 { 10.77.0.1 }; nft add chain inet holyf-network theirs")
    const { blocks, strangerCount } = await listBlocks()
    expect([blocks.length, strangerCount]).toEqual([1, 1])
    await unblockAll()
    expect(ruleset()).toContain("10.77.0.1")
    expect(ruleset()).toContain("chain theirs")
    expect(ruleset()).not.toContain("hook prerouting priority mangle")
    shell("nft delete table inet holyf-network")
  })

  inNamespace("that another program flushed is missed, and can be placed again", async () => {
    await blockPeer(request(`${PEER}:${PORT}`))
    const known = await listBlocks()
    const nat = shell("nft -s list table ip published")
    shell("nft flush ruleset")
    expect(await readRulesetGeneration()).not.toBe(known.generation)
    const after = await listBlocks()
    expect(lostBlocks(known.blocks, after.blocks, Date.now())).toEqual(known.blocks as Block[])
    await blockPeer(request(`${PEER}:${PORT}`))
    expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
    shell(`nft '${nat}'`)
  })

  inNamespace(
    "two programs at once lose nothing of one another's",
    async () => {
      const COUNT = 25
      const run = (net: number) =>
        Bun.spawn([process.execPath, join(import.meta.dir, "block-many.ts"), `10.77.${net}`, String(COUNT)], {
          stdout: "pipe",
          stderr: "pipe",
          stdin: "pipe",
        })
      const programs = [run(1), run(2)]
      const readers = programs.map(({ stdout }) => stdout.getReader())
      for (const reader of readers) await reader.read()
      expect((await listBlocks()).blocks).toHaveLength(2 * COUNT)
      for (const { stdin } of programs) stdin.end()
      for (const program of programs) {
        const problem = await program.stderr.text()
        expect([await program.exited, problem]).toEqual([0, ""])
      }
      expect(ruleset()).not.toContain("holyf-network")
    },
    30_000,
  )
})

describe("a kill", () => {
  const means = () => [native, byPrograms]

  inNamespace(
    "ends 3,000 connections in less than a second, and the listener goes on",
    async () => {
      const { peer } = hosts
      const COUNT = 3_000
      expect(await peer.open(COUNT, PEER, HOST, PORT)).toBe(COUNT)
      const summary = await killPeer(target(`${PEER}:${PORT}`), native)
      expect(summary).toMatchObject({ matched: COUNT, destroyed: COUNT, survivors: 0, arrivals: 0, timedOut: false })
      console.log(`3,000 connections killed in ${summary.elapsedMs} ms`)
      expect(summary.elapsedMs).toBeLessThan(1_000)
      expect(await peer.alive()).toBe(0)
      expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
    },
    30_000,
  )

  inNamespace(
    "ends those of this peer to this port, and no other; the peer hears of it",
    async () => {
      for (const by of means()) {
        const { peer } = hosts
        await peer.open(3, PEER, HOST, PORT)
        await peer.open(2, OTHER, HOST, PORT)
        await peer.open(2, PEER, HOST, PUBLISHED)
        expect(await peer.alive()).toBe(7)
        await blockPeer(request(`${PEER}:${PORT}`))
        const summary = await killPeer(target(`${PEER}:${PORT}`), by)
        expect(summary).toMatchObject({ matched: 3, destroyed: 3, survivors: 0 })
        // Exactly those flows, whatever is the means.
        expect("deleted" in summary.flows && summary.flows.deleted).toBeGreaterThanOrEqual(3)
        expect([flowCount(PEER, PORT), flowCount(OTHER, PORT), flowCount(PEER, PUBLISHED)]).toEqual([0, 2, 2])
        // The reset goes out although the block drops what goes to the peer.
        await until("the resets arrive", async () => (await peer.alive()) === 4)
        await unblockAll()
        await peer.close()
      }
    },
    20_000,
  )

  inNamespace(
    "of an IPv6 peer or network ends its connections, by the kernel and by programs",
    async () => {
      const { peer } = hosts
      // The service holds on to what clients of earlier tests have closed.
      await killPeer(target(PEER6), native)
      for (const by of means())
        for (const text of [`[${PEER6}]:${PORT}`, PEER6, `[fd00:9:a09:2::/64]:${PORT}`]) {
          await peer.open(2, PEER6, HOST6, PORT)
          await peer.open(1, PEER, HOST, PORT)
          expect(await killPeer(target(text), by)).toMatchObject({ matched: 2, destroyed: 2, survivors: 0 })
          await until("the resets arrive", async () => (await peer.alive()) === 1)
          await peer.close()
        }
    },
    20_000,
  )

  inNamespace("leaves our own connection to the same port of the peer alone", async () => {
    const enter = ["nsenter", `--net=/proc/${hosts.peerPid}/ns/net`]
    const server = await Helper.start([...enter, "perl", "-e", LISTENER, String(PORT)])
    let isClosed = false
    const close = () => {
      isClosed = true
    }
    const socket = await Bun.connect({
      hostname: PEER,
      port: PORT,
      socket: { data() {}, close, error() {} },
    })
    try {
      await hosts.peer.open(1, PEER, HOST, PORT)
      for (const text of [`${PEER}:${PORT}`, PEER]) {
        const summary = await killPeer(target(text), native)
        expect(summary.survivors).toBe(0)
      }
      using conversation = openSockets()
      const left = await findPeerSockets(conversation, target(PEER))
      expect(left.filter(({ peerPort }) => peerPort === PORT)).toHaveLength(1)
      expect(isClosed).toBe(false)
    } finally {
      socket.end()
      await server.end()
    }
  })

  inNamespace(
    "racing with connections that close never takes the listener, 500 times",
    async () => {
      const { peer } = hosts
      using conversation = openSockets()
      const verdicts = new Map<string, number>()
      for (let round = 0; round < 500; round++) {
        peer.tell(`open 1 ${PEER} ${HOST} ${PORT}`)
        expect((await peer.answer()).trim()).toBe("1")
        const found = await findPeerSockets(conversation, target(`${PEER}:${PORT}`), PORT)
        peer.tell("close")
        // Once while it closes, and once when it is surely gone.
        for (const isSecond of [false, true]) {
          if (isSecond) await peer.answer()
          for (const { verdict } of await destroySockets(conversation, found))
            verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
        }
      }
      const listening = await listListening(conversation)
      expect(listening.tcp.has(PORT)).toBe(true)
      expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
      // Both happened: some were destroyed, and every second try was for one that was gone.
      expect(verdicts.get("") ?? 0).toBeGreaterThan(0)
      expect(verdicts.get("ENOENT") ?? 0).toBeGreaterThanOrEqual(500)
      expect([...verdicts.keys()].sort()).toEqual(["", "ENOENT"])
    },
    30_000,
  )

  inNamespace("destroys UDP sockets that are connected to the peer, and not the service", async () => {
    const service = await Helper.start(["perl", "-e", UDP_SERVICE, PEER, "5353"])
    try {
      using conversation = openSockets()
      const before = await findPeerSockets(conversation, target(`${PEER}:5353`), 5353)
      expect(before.map(({ protocol }) => protocol)).toEqual(["udp"])
      expect(await killPeer(target(`${PEER}:5353`), native)).toMatchObject({ destroyed: 1, survivors: 0 })
      expect((await listListening(conversation)).udp.has(5353)).toBe(true)
    } finally {
      await service.end()
    }
  })

  inNamespace("in another network namespace ends what is there", async () => {
    const { peer } = hosts
    await peer.open(2, PEER, HOST, PORT)
    // Seen from the peer's side its connections went out, so nothing of them is killed there.
    const there = { ...native, namespace: { path: `/proc/${hosts.peerPid}/ns/net` } }
    expect(await killPeer(target(HOST), there)).toMatchObject({ matched: 0, destroyed: 0 })
    expect(await peer.alive()).toBe(2)
    await blockPeer(request(`${HOST}:1`), there)
    expect((await listBlocks()).blocks).toEqual([])
    expect((await listBlocks(there)).blocks).toHaveLength(1)
    await unblockAll(there)
  })
})

const LISTENER = `use Socket; $| = 1; socket(my $l, PF_INET, SOCK_STREAM, 0); setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($l, sockaddr_in(shift, INADDR_ANY)) or die "bind: $!"; listen($l, 9); print "ready\\n"; my @k;
  while (accept(my $c, $l)) { push @k, $c }`

/** One socket that takes from everybody, and one that is connected to the peer. */
const UDP_SERVICE = `use Socket; $| = 1; my ($peer, $port) = @ARGV; my @k;
  for my $to (undef, $peer) { socket(my $s, PF_INET, SOCK_DGRAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($s, sockaddr_in($port, INADDR_ANY)) or die "bind: $!";
    connect($s, sockaddr_in(9, inet_aton($to))) if defined $to; push @k, $s }
  print "ready\\n"; sleep 60`

describe("blocks by iptables", () => {
  inNamespace(
    "keep the peer from the local and from the published port, and nobody else",
    async () => {
      const { peer } = hosts
      for (const port of [PORT, PUBLISHED]) {
        await blockByIptables(request(`${PEER}:${port}`))
        expect(await peer.try(PEER, HOST, port)).toBe(DROPPED)
        expect(await peer.try(OTHER, HOST, port)).toBe(REACHED)
      }
      expect(await peer.try(PEER6, HOST6, PORT)).toBe(REACHED)
      await blockByIptables(request(`[${PEER6}]:${PORT}`))
      expect(await peer.try(PEER6, HOST6, PORT)).toBe(DROPPED)
      shell("iptables -t mangle -A PREROUTING -s 10.77.0.1 -j DROP")
      expect(await listIptablesBlocks()).toHaveLength(3)
      expect(await unblockAllByIptables()).toHaveLength(3)
      expect(shell("iptables -t mangle -S PREROUTING")).toContain("10.77.0.1")
      shell("iptables -t mangle -D PREROUTING -s 10.77.0.1 -j DROP")
      expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
    },
    20_000,
  )

  inNamespace(
    "are lifted on time by a guardian, which ends with the last of them",
    async () => {
      await blockByIptables(request(`${PEER}:${PORT}`, 60_000))
      // Given less time: the guardian follows what is there, not what it was started for.
      const { replaced } = await blockByIptables(request(`${PEER}:${PORT}`, 2_000))
      // A comment keeps whole seconds.
      expect(Math.abs(replaced!.durationMs - 60_000)).toBeLessThanOrEqual(2_000)
      const guardian = Bun.spawn(command(["--guard-blocks"]), { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
      const second = Bun.spawn(command(["--guard-blocks"]), { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
      const codes = await Promise.all([guardian.exited, second.exited])
      expect(codes).toEqual([0, 0])
      expect(await listIptablesBlocks()).toEqual([])
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(REACHED)
    },
    20_000,
  )
})

describe("the plain commands", () => {
  /** Runs it with a /var/log of its own, whose action log is printed behind the output. */
  async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const log = "/var/log/holyf-network/actions.log"
    const script = `mount -t tmpfs tmpfs /var/log; "$@"; code=$?; echo "== log"; cat ${log} 2>/dev/null; exit $code`
    const child = Bun.spawn(["unshare", "--mount", "sh", "-c", script, "sh", ...command(words)], {
      env: { ...process.env, SSH_CONNECTION: "", SSH_CLIENT: "", HOLYF_FORCE_EXEC: "", SUDO_USER: "alice", ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    })
    const [output, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    const [stdout = "", logged = ""] = output.split("== log\n")
    return { stdout, stderr, exitCode, logged }
  }

  const modes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["by the kernel", {}],
    ["by programs", { HOLYF_FORCE_EXEC: "socket,conntrack,firewall" }],
  ]
  for (const [mode, env] of modes)
    inNamespace(
      `block, list, lift and log, ${mode}`,
      async () => {
        const { peer } = hosts
        await peer.open(2, PEER, HOST, PORT)
        const dry = await run(["block", `${PEER}:${PORT}`, "--minutes", "7", "--dry-run"], env)
        expect([dry.exitCode, dry.stderr, dry.logged]).toEqual([0, "", ""])
        expect(dry.stdout).toContain(`would block ${PEER}:${PORT} for 7 min`)
        expect(dry.stdout).toContain("would end 2 connections of 1 peer")
        expect(await peer.alive()).toBe(2)

        const done = await run(["block", PEER, "--port", String(PORT), "--minutes", "7", "--json"], env)
        expect(done.exitCode).toBe(0)
        const report = JSON.parse(done.stdout)
        expect(report).toMatchObject({ action: "block", peer: PEER, port: PORT, kill: { destroyed: 2, survivors: 0 } })
        expect(report.block).toMatchObject({ made_by: "alice", backend: env.HOLYF_FORCE_EXEC ? "iptables" : "kernel" })
        expect(done.logged).toContain(` uid=0 sudo_user=alice block ${PEER}:${PORT}: 7 min, until `)
        expect(await peer.try(PEER, HOST, PORT)).toBe(DROPPED)

        // Whatever made it, both look at both.
        const listed = JSON.parse((await run(["blocks", "--json"])).stdout)
        expect(listed.blocks).toMatchObject([{ id: report.block.id, peer: PEER, port: PORT }])
        expect(listed.blocks[0].remaining_seconds).toBeGreaterThan(400)
        const lifted = await run(["unblock", `${PEER}:${PORT}`])
        expect([lifted.exitCode, lifted.stdout]).toEqual([0, `lifted ${PEER}:${PORT} (${report.block.id})\n`])
        expect(await peer.try(PEER, HOST, PORT)).toBe(REACHED)
        const nothing = await run(["unblock", `${PEER}:${PORT}`], env)
        expect([nothing.exitCode, nothing.stdout]).toEqual([0, `no block of ${PEER}:${PORT} is active\n`])
        expect((await run(["kill", "10.77.0.1:1"], env)).stdout).toBe("no connection matched\n")
      },
      30_000,
    )

  inNamespace("a published port has flows here and sockets in its container, and both are told", async () => {
    const { peer } = hosts
    const killInside = () => run(["kill", `${PEER}:80`, "--netns", String(hosts.containerPid)])
    // The container holds on to what clients of earlier tests have closed.
    await killInside()
    await peer.open(2, PEER, HOST, PUBLISHED)
    const { stdout } = await run(["block", `${PEER}:${PUBLISHED}`, "--dry-run"])
    expect(stdout).toContain("would end no connection\nwould delete 2 flows of connection tracking\n")
    const told = JSON.parse((await run(["kill", `${PEER}:${PUBLISHED}`, "--dry-run", "--json"])).stdout)
    expect(told).toMatchObject({ matched: 0, matched_flows: 2 })
    expect(flowCount(PEER, PUBLISHED)).toBe(2)
    const killed = await run(["kill", `${PEER}:${PUBLISHED}`])
    expect(killed).toMatchObject({ exitCode: 0, stdout: "no connection matched; 2 flows deleted\n" })
    expect(killed.stderr).toContain("note: these connections are passed on to another place, and may go on")
    expect(await peer.alive()).toBe(2)
    // Where they lead to they are sockets.
    const inside = await killInside()
    expect(inside).toMatchObject({ exitCode: 0, stderr: "" })
    expect(inside.stdout).toStartWith("destroyed 2 connections")
  })

  inNamespace(
    "refuse what would cut off the operator or the host, and say how to insist",
    async () => {
      shell("ip route add default via 10.9.0.254")
      try {
        const refused = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
          const { exitCode, stderr, logged } = await run(words, env)
          expect(exitCode).toBe(1)
          expect(logged).toContain("refused: ")
          return stderr
        }
        expect(await refused(["block", HOST])).toContain(`${HOST} is an address of this host. --force overrides this`)
        expect(await refused(["kill", "127.0.0.1:22"])).toContain("this host itself (loopback)")
        expect(await refused(["block", "10.9.0.254"])).toContain("the default gateway")
        const ssh = { SSH_CONNECTION: `${PEER} 50000 ${HOST} 22` }
        expect(await refused(["block", `${PEER}:${PORT}`, "--force"], ssh)).toContain("--force-ssh-peer overrides this")
        expect(ruleset()).not.toContain("holyf-network")
        expect((await run(["block", `${PEER}:${PORT}`, "--force-ssh-peer"], ssh)).exitCode).toBe(0)
        const network = await run(["block", "10.77.0.0/16"])
        expect([network.exitCode, network.stderr]).toEqual([
          1,
          "holyf-network: cannot block 10.77.0.0/16: 10.77.0.0/16 is a network: no connection match now. --yes says that it is meant\n",
        ])
        expect((await run(["block", "10.77.0.0/16", "--yes"])).exitCode).toBe(0)
      } finally {
        shell("ip route del default")
      }
    },
    30_000,
  )

  inNamespace(
    "know the operator's session by the connection that its server holds, without any variable",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "holyf-test-"))
      const output = join(folder, "output")
      // A login server: it accepts, and starts a process session for whoever came. sudo has emptied the environment.
      const asked = command(["block", `${PEER}:${PORT}`, "--dry-run", "--json"])
      const server = Bun.spawn(dyingWithUs(["perl", "-e", LOGIN_SERVER, "2222", output, ...asked]), {
        env: { PATH: process.env.PATH ?? "" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
      })
      try {
        await server.stdout.getReader().read()
        await hosts.peer.open(1, PEER, HOST, 2222)
        await until("the command ends", async () => existsSync(`${output}.done`), 10_000)
        const report = JSON.parse(readFileSync(output, "utf8"))
        expect(report.refused).toMatchObject([{ kind: "session", override: "--force-ssh-peer" }])
        expect(report.refused[0].reason).toContain("connection of perl, pid ")
      } finally {
        server.kill("SIGKILL")
        await server.exited
        rmSync(folder, { recursive: true, force: true })
      }
    },
    20_000,
  )

  inNamespace("without privileges say what is missing", async () => {
    const script = `exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`
    const child = Bun.spawn(["sh", "-c", script, "sh", ...command(["block", `${PEER}:${PORT}`])], {
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    })
    const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      `cannot block ${PEER}:${PORT}: the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.`,
    )
  })
})

const LOGIN_SERVER = `use Socket; use POSIX; $| = 1; my ($port, $output, @command) = @ARGV;
  socket(my $l, PF_INET, SOCK_STREAM, 0); setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($l, sockaddr_in($port, INADDR_ANY)) or die "bind: $!"; listen($l, 9); print "ready\\n";
  accept(my $c, $l);
  my $child = fork();
  if ($child == 0) { POSIX::setsid(); open(STDOUT, ">", $output); exec(@command) }
  waitpid($child, 0); open(my $d, ">", "$output.done"); close($d); sleep 60`
