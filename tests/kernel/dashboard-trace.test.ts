/** Traces from the dashboard, by keys in a real terminal: real packets of a real peer, captured by the real tcpdump. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { builtBinary } from "../support/binary.ts"
import { hasLooked, isRunning } from "../support/dashboard.ts"
import { openPty, type Pty } from "../support/pty.ts"
import { describeInNamespace } from "./namespace.ts"
import { until } from "./small-world.ts"
import { HOST, OTHER, openTwoHosts, PEER, PORT, PUBLISHED, shell, type TwoHosts } from "./two-hosts.ts"

const DATA_DIR = "/var/lib/holyf-network/snapshots"
const LOG = "/var/log/holyf-network/actions.log"

describeInNamespace("traces from the dashboard", import.meta.path, define, [
  "nsenter",
  "nft",
  "perl",
  "mount",
  "setpriv",
  "tcpdump",
])

function define() {
  let hosts: TwoHosts

  beforeAll(async () => {
    builtBinary()
    hosts = await openTwoHosts()
  }, 60_000)
  afterAll(async () => hosts.close())
  afterEach(async () => {
    shell("nft delete table inet faults 2>/dev/null || true")
    await hosts.peer.close()
    shell(`ss -K dst 10.9.0.0/24 sport = :${PORT}`)
  })

  interface ScreenOptions {
    readonly connections?: number
    readonly env?: Readonly<Record<string, string>>
    /** What runs the program, such as `setpriv`. */
    readonly as?: readonly string[]
    /** Done in the program's own mount namespace before it begins. */
    readonly before?: string
    readonly cols?: number
  }

  /** The dashboard with a /var of its own, after it has seen the connections of the peer. */
  async function openScreen(options: ScreenOptions = {}): Promise<Pty> {
    const { connections = 1, env = {}, as = [], before = ":", cols = 120 } = options
    if (connections > 0) expect(await hosts.peer.open(connections, PEER, HOST, PORT)).toBe(connections)
    const mounts = "mount -t tmpfs tmpfs /var/log; mkdir -p /var/lib; mount -t tmpfs tmpfs /var/lib"
    const own = ["unshare", "--mount", "sh", "-ec", `${mounts}; ${before}; exec "$@"`, "sh"]
    const pty = openPty([...own, ...as, builtBinary(), "-i", "v0", "-r", "1"], { cols, rows: 30, env })
    await pty.until((text) => hasLooked(text) && (connections === 0 || text.includes("▌")), 8_000)
    return pty
  }

  const rootOf = (pty: Pty) => `/proc/${pty.child.pid}/root`
  const captures = (pty: Pty, dataDir = DATA_DIR) => {
    const folder = `${rootOf(pty)}${dataDir}/traces`
    return existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : []
  }

  /** The form of the first row, with its way found. */
  async function openForm(pty: Pty): Promise<string> {
    pty.send("T")
    return pty.until((text) => text.includes("─ Trace packets ─") && / free in /.test(text))
  }
  /** From the mode, where the form opens, to the seconds, which are typed anew. */
  const seconds = (n: number) => `\t\t\t\x15${n}`

  async function begin(pty: Pty, forSeconds: number): Promise<void> {
    await openForm(pty)
    pty.send(`${seconds(forSeconds)}\r`)
    await pty.until((text) => text.includes("─ Trace running ─") && /time left {2}\d+s/.test(text), 8_000)
  }

  const tcpdumpOf = (program: number) =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .find((name) => {
        try {
          const isTcpdump = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0")[0]!.endsWith("/tcpdump")
          return isTcpdump && readFileSync(`/proc/${name}/stat`, "utf8").includes(`) S ${program} `)
        } catch {
          return false
        }
      })

  test("form, capture, verdict, packets, one packet, history: end to end", async () => {
    await using pty = await openScreen()
    const form = await openForm(pty)
    expect(form).toContain(`PEER       ${PEER}_`)
    expect(form).toContain(`PORT       ${PORT}_`)
    expect(form).toContain("INTERFACE  v0_")
    expect(form).toContain(`(tcp and host ${PEER} and port ${PORT})`)
    pty.send(`${seconds(4)}\r`)
    await pty.until((text) => text.includes("─ Trace running ─") && /time left {2}\d+s/.test(text), 8_000)
    expect(await hosts.peer.open(2, PEER, HOST, PORT)).toBe(3)
    await pty.until((text) => /packets +[1-9]/.test(text))
    const verdict = await pty.until((text) => text.includes(`─ Trace of ${PEER}:${PORT} ─`), 8_000)
    expect(verdict).toContain("OK   Too few packets (6) for a firm verdict")
    expect(verdict).toMatch(/\[S\] 2 +\[S\.\] 2 +\[F\] 0 +\[R\] 0/)

    pty.send("2")
    await pty.until((text) => / 10\.9\.0\.2:\d+ → 10\.9\.0\.1:8080 +\[S\] /.test(text))
    pty.send("\x1b[B\r")
    await pty.until((text) => text.includes("packet 2 ") && /flags +\[S\.\]/.test(text) && /mss +1460/.test(text))
    pty.send("\x1b")
    await pty.until((text) => text.includes("FROM → TO"))
    pty.send("4")
    await pty.until((text) => text.includes("├ [S] ─") && text.includes("─ [S.] ┤"))
    pty.send("\x1b")
    await pty.until((text) => !text.includes("─ Trace of"))

    const [file, ...others] = captures(pty)
    expect([others, statSync(file!).mode & 0o777]).toEqual([[], 0o600])
    expect(readFileSync(`${rootOf(pty)}${LOG}`, "utf8")).toMatch(
      new RegExp(`trace ${PEER}:${PORT} on v0 for 4 s, Peer \\+ Port: completed-timeout: Too few packets .*captured 6`),
    )

    pty.send("t")
    await pty.until((text) => text.includes("─ Traces ─") && text.includes(`${PEER}:${PORT}`))
    pty.send("\r")
    await pty.until((text) => text.includes("─ Trace ─") && text.includes("First packets"))
    pty.send("\x1b")
    await pty.until((text) => text.includes("─ Traces ─"))
    pty.send("o")
    await pty.until((text) => text.includes(`─ Trace of ${PEER}:${PORT} ─`))
    pty.send("\x1b")
    await pty.until((text) => !text.includes("─ Trace of"))
    pty.send("xy")
    await pty.until((text) => text.includes("No trace was made in the last week"))
    expect(captures(pty)).toEqual([])
    pty.send("\x1bq")
    expect(await pty.child.exited).toBe(0)
  }, 40_000)

  test("it goes on while rows are looked at; Esc ends it early, and what there is is judged", async () => {
    await using pty = await openScreen()
    await begin(pty, 60)
    pty.send("\r")
    await pty.until((text) => !text.includes("─ Trace running ─") && /TRACE \d+s t shows it/.test(text))
    expect(await hosts.peer.open(1, OTHER, HOST, PORT)).toBe(2)
    // The looks go on meanwhile.
    await pty.until((text) => text.includes(`${OTHER}:`))
    pty.send("t")
    await pty.until((text) => text.includes("─ Trace running ─"))
    pty.send("\x1b")
    const verdict = await pty.until((text) => text.includes(`─ Trace of ${PEER}:${PORT} ─`), 8_000)
    expect(verdict).toContain("Not one packet to or from")
    expect(tcpdumpOf(pty.child.pid)).toBeUndefined()
  }, 30_000)

  test("a firewall that drops the peer's SYN is named, where the operator did not watch too", async () => {
    await using pty = await openScreen()
    shell(`nft add table inet faults
      nft 'add chain inet faults in { type filter hook input priority 0; }'
      nft add rule inet faults in tcp dport ${PORT} 'tcp flags & (syn|ack) == syn' drop`)
    await begin(pty, 4)
    pty.send("\r")
    for (let i = 0; i < 3; i++) expect(await hosts.peer.try(PEER, HOST, PORT)).toBe("timeout")
    await pty.until((text) => text.includes("TRACE done t shows it"), 8_000)
    pty.send("t")
    const verdict = await pty.until((text) => text.includes("─ Trace of"))
    expect(verdict).toContain("SYN without an answer")
    expect(verdict.replace(/\s*│\n│\s*/g, " ")).toContain("The peer's SYN arrives at this host")
  }, 30_000)

  test("what tcpdump says of a clause stands beside it", async () => {
    await using pty = await openScreen()
    await openForm(pty)
    // Back to the last mode, then on to the clause.
    pty.send("\x1b[D\t\ttcp and\t")
    await pty.until((text) => /CLAUSE +tcp and_+ +syntax error/.test(text))
    pty.send("\r")
    await pty.until((text) => /CLAUSE +tcp and/.test(text))
    expect(tcpdumpOf(pty.child.pid)).toBeUndefined()
  }, 20_000)

  test("a row of a container is traced inside its namespace", async () => {
    expect(await hosts.peer.open(1, PEER, HOST, PUBLISHED)).toBe(1)
    await using pty = await openScreen({ connections: 0 })
    pty.send(`/${PEER}\r`)
    await pty.until((text) => /▌.*\b80 10\.9\.0\.2:/.test(text))
    const form = await openForm(pty)
    expect(form).toContain("INTERFACE  any_")
    expect(form).toContain("captured in network namespace")
    pty.send(`${seconds(3)}\r`)
    await pty.until((text) => /time left {2}\d+s/.test(text), 8_000)
    expect(await hosts.peer.open(1, PEER, HOST, PUBLISHED)).toBe(2)
    const verdict = await pty.until((text) => text.includes(`─ Trace of ${PEER}:80 ─`), 8_000)
    expect(verdict).toMatch(/\[S\] 1 +\[S\.\] 1/)
    expect(verdict).toMatch(/on any in network namespace/)
  }, 30_000)

  test("a published port is seen on both sides of its translation", async () => {
    expect(await hosts.peer.open(1, PEER, HOST, PUBLISHED)).toBe(1)
    const limits = ["--packets", "60", "--seconds", "10"]
    const words = ["trace", `${PEER}:${PUBLISHED}`, ...limits, "--json", "--data-dir", "/var/lib/t"]
    const own = ["unshare", "--mount", "sh", "-ec", 'mkdir -p /var/lib; mount -t tmpfs tmpfs /var/lib; exec "$@"', "sh"]
    const child = Bun.spawn([...own, builtBinary(), ...words], { stdout: "pipe", stderr: "inherit" })
    const text = child.stdout.text()
    while (child.exitCode === null) await hosts.peer.open(1, PEER, HOST, PUBLISHED)
    const report = JSON.parse(await text)
    expect(report).toMatchObject({ interface: "any", findings: [] })
    expect(report.filter).toContain(`(host ${PEER} and port ${PUBLISHED}) or (host ${PEER} and port 80)`)
    const asked = new Set(report.conversations.map(({ b }: { b: string }) => b))
    expect(asked).toEqual(new Set([`${HOST}:${PUBLISHED}`, "172.30.0.2:80"]))
  }, 20_000)

  test("traces lie where the daemon keeps its history, and the plain command finds them", async () => {
    const settings = "/var/lib/daemon.json"
    const dataDir = "/var/lib/elsewhere"
    const before = `printf '{"data-dir": "${dataDir}"}' > ${settings}; chmod 600 ${settings}`
    const env = { HOLYF_NETWORK_DAEMON_CONFIG_FILE: settings }
    await using pty = await openScreen({ env, before })
    expect(await openForm(pty)).toContain(`${dataDir}/traces`)
    pty.send(`${seconds(1)}\r`)
    await pty.until((text) => text.includes("─ Trace of"), 8_000)
    expect(captures(pty, dataDir)).toHaveLength(1)
    const list = Bun.spawnSync(
      ["nsenter", "-t", `${pty.child.pid}`, "-m", builtBinary(), "trace", "--list", "--json"],
      {
        env: { ...process.env, ...env },
      },
    )
    expect(JSON.parse(list.stdout.toString())).toMatchObject({ data_dir: dataDir, traces: [{ peer_ip: PEER }] })
  }, 20_000)

  describe("nothing is left behind", () => {
    test.each(["SIGKILL", "SIGTERM"] as const)(
      "%s of the dashboard ends tcpdump within two seconds",
      async (signal) => {
        await using pty = await openScreen()
        await begin(pty, 60)
        const tcpdump = tcpdumpOf(pty.child.pid)
        expect(tcpdump).toBeDefined()
        pty.child.kill(signal)
        await pty.child.exited
        const endedAt = performance.now()
        await until("tcpdump to end", () => !isRunning(Number(tcpdump)))
        expect(performance.now() - endedAt).toBeLessThan(2_000)
      },
      20_000,
    )
  })

  test("without the right to capture the form says so before anything is typed", async () => {
    const as = ["setpriv", "--bounding-set", "-net_raw"]
    await using pty = await openScreen({ as })
    pty.send("T")
    await pty.until((text) => text.includes("capturing packets needs CAP_NET_RAW. Run with sudo."))
    pty.send("\r")
    await pty.until((text) => text.includes("─ Trace packets ─"))
    expect(tcpdumpOf(pty.child.pid)).toBeUndefined()
  }, 20_000)
}
