/** Blocks and kills from the dashboard, by keys in a real terminal, against the real kernel and a real peer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync, statSync } from "node:fs"
import { blockPeer, listBlocks, unblockAll } from "../../src/shell/kernel/firewall.ts"
import { unblockAllByIptables } from "../../src/shell/tools/iptables.ts"
import { builtBinary } from "../support/binary.ts"
import { targetOf } from "../support/blocks.ts"
import { hasLooked } from "../support/dashboard.ts"
import { openPty, type Pty } from "../support/pty.ts"
import { describeInNamespace } from "./namespace.ts"
import { HOST, OTHER, openTwoHosts, PEER, PORT, PUBLISHED, shell, type TwoHosts } from "./two-hosts.ts"

const tools = ["nsenter", "nft", "perl", "iptables", "conntrack", "mount"]

const REACHED = "ok"
const DROPPED = "timeout"
const LOG = "/var/log/holyf-network/actions.log"

describeInNamespace("actions from the dashboard", import.meta.path, define, [...tools, "setpriv"])

function define() {
  let hosts: TwoHosts

  beforeAll(async () => {
    builtBinary()
    hosts = await openTwoHosts()
  }, 60_000)
  afterAll(async () => hosts.close())
  afterEach(async () => {
    await unblockAll()
    await unblockAllByIptables()
    await hosts.peer.close()
    shell(`ss -K dst 10.9.0.0/24 sport = :${PORT}`)
    shell("conntrack -F 2>/dev/null")
  })

  /** The dashboard with a /var/log of its own, after it has seen the connections of the peer. */
  async function openScreen(connections: number, env: Readonly<Record<string, string>> = {}): Promise<Pty> {
    if (connections > 0) expect(await hosts.peer.open(connections, PEER, HOST, PORT)).toBe(connections)
    const own = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /var/log; exec "$@"', "sh"]
    const pty = openPty([...own, builtBinary(), "-i", "v0", "-r", "1"], { cols: 120, rows: 30, env })
    await pty.until((text) => hasLooked(text) && (connections === 0 || text.includes(`▌`)), 8_000)
    return pty
  }

  const logOf = (pty: Pty) => readFileSync(`/proc/${pty.child.pid}/root${LOG}`, "utf8")
  const ruleset = () => shell("nft list ruleset")
  const blocked = async () => (await listBlocks()).blocks.map(({ target }) => `${target.address}:${target.port}`)

  /** The form of the first row, filled and counted. */
  async function openForm(pty: Pty, connections: number): Promise<string> {
    pty.send("k")
    const matches =
      connections === 1 ? "1 connection of 1 peer matches now" : `${connections} connections of 1 peer match now`
    return pty.until((text) => text.includes("─ Block a peer ─") && text.includes(matches))
  }

  const request = (text: string, durationMs: number) => ({
    id: "0badcafe",
    target: targetOf(text),
    startedAt: Date.now(),
    durationMs,
    by: "mallory",
  })

  describe("k and Enter", () => {
    test("keep the selected peer out and end its connections; q asks, and keeps the block", async () => {
      await using pty = await openScreen(3)
      expect(ruleset()).not.toContain("holyf")
      expect(await pty.text()).toContain("API:kernel")
      const form = await openForm(pty, 3)
      expect(form).toContain(`PEER     ${PEER}_`)
      expect(form).toContain(`PORT     ${PORT}_`)
      pty.send("\r")
      await pty.until((text) => text.includes("block active 5m; 3 closed, 0 left"))
      await pty.until((text) => /BLOCKS 1 \(next 0[45]:\d\d\)/.test(text))
      expect(await hosts.peer.alive()).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
      expect(await hosts.peer.try(OTHER, HOST, PORT)).toBe(REACHED)

      const listed = JSON.parse(shell(`${builtBinary()} blocks --json`))
      expect(listed.blocks).toMatchObject([{ peer: PEER, port: PORT, backend: "kernel" }])
      expect(logOf(pty)).toMatch(
        new RegExp(`uid=0 .*block ${PEER}:${PORT} for 5 min: until \\S+ \\([0-9a-f]{8}\\); destroyed 3 connections`),
      )

      pty.send("q")
      await pty.until((text) => text.includes("─ Quit ─") && text.includes(`${PEER}:${PORT}`))
      pty.send("\r")
      expect(await pty.child.exited).toBe(0)
      expect(await blocked()).toEqual([`${PEER}:${PORT}`])
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
    }, 20_000)

    test("with 0 minutes end connections, and the peer may come again", async () => {
      await using pty = await openScreen(2)
      await openForm(pty, 2)
      pty.send("\x7f0\r")
      await pty.until((text) => text.includes("2 closed, 0 left"))
      expect(await hosts.peer.alive()).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(REACHED)
      expect(ruleset()).not.toContain("holyf")
      pty.send("q")
      expect(await pty.child.exited).toBe(0)
    }, 20_000)

    test("for a group from its details", async () => {
      await using pty = await openScreen(3)
      pty.send("g\r")
      await pty.until((text) => text.includes("─ Group ─") && text.includes("ESTABLISHED 3 (100%)"))
      pty.send("k")
      await pty.until((text) => text.includes("3 connections of 1 peer match now"))
      pty.send("\r")
      await pty.until((text) => text.includes("block active 5m; 3 closed, 0 left"))
      expect(await blocked()).toEqual([`${PEER}:${PORT}`])
    }, 20_000)

    test("also by programs where the kernel may not be asked; q and l lift them", async () => {
      await using pty = await openScreen(2, { HOLYF_FORCE_EXEC: "socket,conntrack,firewall" })
      await pty.until((text) => text.includes("API:exec(ss,conntrack,iptables)"))
      await openForm(pty, 2)
      expect(await pty.text()).toContain("by iptables, the weaker mode")
      pty.send("\r")
      await pty.until((text) => text.includes("block active 5m by iptables, the weaker mode; 2 closed, 0 left"))
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
      pty.send("q")
      await pty.until((text) => text.includes("a guardian lifts them on time"))
      pty.send("l")
      expect(await pty.child.exited).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(REACHED)
    }, 20_000)
  })

  describe("nothing is done", () => {
    test("by Esc, at whatever step", async () => {
      await using pty = await openScreen(2, { SSH_CONNECTION: `${PEER} 50000 ${HOST} 22` })
      const before = ruleset()
      pty.send("\r")
      await pty.until((text) => text.includes("─ Connection ─"))
      pty.send("\x1b")
      await pty.until((text) => !text.includes("─ Connection ─"))
      await openForm(pty, 2)
      pty.send("\x1b")
      await pty.until((text) => !text.includes("─ Block a peer ─"))
      await openForm(pty, 2)
      pty.send("\r")
      await pty.until((text) => text.includes("Refused:"))
      pty.send("\x1b")
      await pty.until((text) => !text.includes("Refused:"))
      pty.send("\x1b")
      await pty.until((text) => !text.includes("─ Block a peer ─"))
      expect(ruleset()).toBe(before)
      expect(await hosts.peer.alive()).toBe(2)
    }, 20_000)
  })

  describe("the operator's own session", () => {
    test("is refused by its address, and given up by its phrase", async () => {
      await using pty = await openScreen(1, { SSH_CONNECTION: `${PEER} 50000 ${HOST} 22` })
      await openForm(pty, 1)
      pty.send("\r")
      await pty.until((text) => text.includes(`Refused: ${PEER} is where your own session comes from (SSH_CONNECTION)`))
      pty.send(`${PEER}\r`)
      await pty.until((text) => text.includes(`type ${PEER} cut my session`) && text.includes("ANYWAY"))
      expect(await blocked()).toEqual([])
      expect(await hosts.peer.alive()).toBe(1)
      pty.send(" cut my session\r")
      await pty.until((text) => text.includes("block active 5m; 1 closed, 0 left"))
      expect(await blocked()).toEqual([`${PEER}:${PORT}`])
      expect(logOf(pty)).toContain("own session overridden")
    }, 20_000)
  })

  describe("blocks of others", () => {
    test("are found at the start, kept at the end, and lifted by the kernel on time", async () => {
      await blockPeer(request(`${PEER}:${PORT}`, 5_000))
      await using pty = await openScreen(0)
      await pty.until((text) => text.includes("BLOCKS 1 (next 00:0"))
      pty.send("q")
      await pty.until((text) => text.includes("the kernel lifts them on time"))
      pty.send("\r")
      expect(await pty.child.exited).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(DROPPED)
      const deadline = performance.now() + 6_000
      while ((await blocked()).length > 0) {
        if (performance.now() > deadline) throw new Error("still blocked after its time")
        await Bun.sleep(50)
      }
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(REACHED)
    }, 20_000)

    test("are listed with b, given more time with +, lifted with x and y", async () => {
      await using pty = await openScreen(0)
      await blockPeer(request(`${PEER}:${PORT}`, 100_000))
      await blockPeer(request(`${OTHER}:${PUBLISHED}`, 200_000))
      pty.send("b")
      const list = await pty.until((text) => text.includes("─ Blocked peers ─") && text.includes("mallory"))
      expect(list).toMatch(/▌10\.9\.0\.2:8080 +01:\d\d +2m mallory +kernel/)
      pty.send("+")
      await pty.until((text) => /10\.9\.0\.2:8080 +06:[34]\d/.test(text))
      pty.send("xy")
      await pty.until((text) => text.includes("10.9.0.2:8080: block lifted"))
      expect(await blocked()).toEqual([`${OTHER}:${PUBLISHED}`])
      expect(await hosts.peer.try(PEER, HOST, PORT)).toBe(REACHED)
      pty.send("\x1b")
      await pty.until((text) => !text.includes("─ Blocked peers ─"))
      pty.send("h")
      const log = await pty.until((text) => text.includes("unblock 10.9.0.2:8080: lifted"))
      expect(log).toContain("extend block 10.9.0.2:8080")
      pty.send("\x1bq")
      await pty.until((text) => text.includes("─ Quit ─"))
      pty.send("l")
      expect(await pty.child.exited).toBe(0)
      expect(ruleset()).not.toContain("holyf")
    }, 20_000)

    test("a flushed ruleset is noticed, said and written down", async () => {
      const saved = ruleset()
      await using pty = await openScreen(1)
      await openForm(pty, 1)
      pty.send("\r")
      await pty.until((text) => text.includes("BLOCKS 1"))
      shell("nft flush ruleset")
      await pty.until((text) => text.includes("is gone: lifted by another program, or the ruleset was flushed"), 8_000)
      expect(logOf(pty)).toContain(`block ${PEER}:${PORT}: gone: lifted by another program`)
      expect(await pty.text()).not.toContain("BLOCKS")
      // What the other tests need of it.
      await Bun.spawn(["nft", "-f", "-"], { stdin: new Blob([saved]) }).exited
    }, 20_000)
  })

  describe("a row of a container", () => {
    /** Does what the screen asks for, with a /var/log of its own. Answers the action. */
    async function perform(effect: object) {
      const own = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /var/log; exec "$@"', "sh"]
      const program = `${import.meta.dir}/perform-effect.ts`
      const child = Bun.spawn([...own, process.execPath, program, JSON.stringify(effect)], { stdout: "pipe" })
      return JSON.parse(await child.stdout.text())
    }

    test("is acted on inside its namespace, and at the published port in front of it", async () => {
      const { peer, containerPid } = hosts
      const path = `/proc/${containerPid}/ns/net`
      const namespace = { id: statSync(path).ino, name: "web" }
      expect(await peer.open(3, PEER, HOST, PUBLISHED)).toBe(3)
      const place = { target: targetOf(`${PEER}:80`), namespace }
      expect(await perform({ type: "peer/match", ...place })).toMatchObject({ count: { connections: 3, peers: 1 } })
      const overrides = { force: false, forceSshPeer: false }
      const answer = await perform({ type: "peer/block", minutes: 5, overrides, ...place })
      expect(answer).toMatchObject({
        type: "peer/blocked",
        block: { target: { address: PEER, port: 80 }, namespace },
        also: [{ target: { address: PEER, port: PUBLISHED } }],
        kill: { destroyed: 3, survivors: 0 },
      })
      expect(answer.also[0].namespace).toBeUndefined()
      expect(await blocked()).toEqual([`${PEER}:${PUBLISHED}`])
      const inside = await listBlocks({ namespace: { path } })
      expect(inside.blocks.map(({ target }) => target.port)).toEqual([80])
      expect(await peer.alive()).toBe(0)
      expect(await peer.try(PEER, HOST, PUBLISHED)).toBe(DROPPED)
      expect(await peer.try(OTHER, HOST, PUBLISHED)).toBe(REACHED)

      expect(await perform({ type: "block/lift", block: answer.block })).toMatchObject({ lifted: [{ namespace }] })
      expect((await listBlocks({ namespace: { path } })).blocks).toEqual([])
    }, 20_000)

    test("is blocked by its keys", async () => {
      expect(await hosts.peer.open(2, PEER, HOST, PUBLISHED)).toBe(2)
      await using pty = await openScreen(0)
      pty.send(`/${PEER}\r`)
      await pty.until((text) => /▌.*\b80 10\.9\.0\.2:/.test(text))
      pty.send("k")
      const form = await pty.until((text) => text.includes("2 connections of 1 peer match now"))
      expect(form).toContain("in network namespace")
      expect(form).toContain("PORT     80_")
      pty.send("\r")
      await pty.until((text) => text.includes("block active 5m; 2 closed, 0 left"))
      await pty.until((text) => text.includes("BLOCKS 2"))
      expect(await hosts.peer.alive()).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PUBLISHED)).toBe(DROPPED)
      expect(await hosts.peer.try(OTHER, HOST, PUBLISHED)).toBe(REACHED)
      pty.send("q")
      await pty.until((text) => text.includes("2 blocks are active"))
      pty.send("l")
      expect(await pty.child.exited).toBe(0)
      expect(await hosts.peer.try(PEER, HOST, PUBLISHED)).toBe(REACHED)
    }, 20_000)

    test("whose namespace is gone is answered with a sentence", async () => {
      const place = { target: targetOf(`${PEER}:80`), namespace: { id: 1, name: "web" } }
      expect((await perform({ type: "peer/kill", overrides: {}, ...place })).failure).toBe(
        'cannot enter network namespace "web": it is gone, or may not be entered',
      )
    })
  })

  describe("without root", () => {
    test("there is no noise, and an action says what is missing", async () => {
      expect(await hosts.peer.open(1, PEER, HOST, PORT)).toBe(1)
      const asNobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
      ]
      await using pty = openPty([...asNobody, builtBinary(), "-i", "v0", "-r", "1"], { cols: 120, rows: 30 })
      await pty.until((text) => hasLooked(text) && text.includes("▌"), 8_000)
      expect((await pty.text()).split("\n").at(-1)).not.toMatch(/cannot|refused|EPERM|BLOCKS/)
      await openForm(pty, 1)
      pty.send("\r")
      await pty.until((text) => text.includes("EPERM"))
      expect(await hosts.peer.alive()).toBe(1)
      expect(await blocked()).toEqual([])
      pty.send("b")
      await pty.until((text) => text.includes("Run with sudo, or give CAP_NET_ADMIN"))
      pty.send("\x1bq")
      expect(await pty.child.exited).toBe(0)
    }, 20_000)
  })
}
