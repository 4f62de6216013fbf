/** The daemon's commands as an operator types them, with real workers in folders of the test's own. */
import { afterEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { bindSocket, closeFd, openSocket, receive, setSocketOption } from "../../ffi/libc.ts"
import { alloc } from "../../ffi/memory.ts"
import { readSnapshots } from "../../src/core/snapshot/read.ts"
import { temporaryFolder } from "../support/folder.ts"
import { requires } from "../support/requirements.ts"
import { command, runProgram } from "../support/source-program.ts"

const asRoot = requires({ root: true })
const NOBODY = 65_534

/** Folders of this test, and the workers that still run in them. */
const hosts: Host[] = []
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close()
})

class Host {
  private readonly folder = temporaryFolder()
  readonly path = this.folder.path
  readonly data = join(this.path, "data")
  readonly env = {
    HOME: this.path,
    HOLYF_NETWORK_DAEMON_STATE_FILE: join(this.path, "run/daemon.state"),
    HOLYF_NETWORK_DAEMON_CONFIG_FILE: join(this.path, "daemon.json"),
  }
  constructor() {
    hosts.push(this)
    // Root's log would be the host's own.
    this.configure({ "data-dir": this.data, "log-file": join(this.path, "daemon.log") })
  }
  configure(settings: object | string): void {
    writeFileSync(
      this.env.HOLYF_NETWORK_DAEMON_CONFIG_FILE,
      typeof settings === "string" ? settings : JSON.stringify(settings),
    )
  }
  run = (...words: string[]) => runProgram(["daemon", ...words], this.env)
  pid = (data = this.data) => Number(readFileSync(join(data, "daemon.pid"), "utf8"))
  segments = (data = this.data) => readdirSync(data).filter((name) => name.startsWith("connections-"))
  lines = (data = this.data) =>
    this.segments(data).flatMap((name) => readSnapshots(readFileSync(join(data, name), "utf8")).lines)
  async close(): Promise<void> {
    for (const entry of [this.data, join(this.path, "other")])
      if (existsSync(join(entry, ".daemon.lock"))) await this.run("stop", "--data-dir", entry)
    this.folder[Symbol.dispose]()
  }
}

/** Not even a zombie would be left by a worker that was stopped, but who reaps it is not ours to say. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

/** A service manager's socket. */
function listenAt(path: string) {
  const AF_UNIX = 1
  const SOCK_DGRAM = 2
  const SOL_SOCKET = 1
  const SO_RCVTIMEO = 20
  const fd = openSocket(AF_UNIX, SOCK_DGRAM, 0)
  const name = new TextEncoder().encode(path)
  const sockaddr = alloc(2 + name.length)
  sockaddr[0] = AF_UNIX
  sockaddr.set(name, 2)
  bindSocket(fd, sockaddr)
  const timeout = alloc(16)
  new DataView(timeout.buffer).setBigInt64(8, 1_000n, true)
  setSocketOption(fd, SOL_SOCKET, SO_RCVTIMEO, timeout)
  const buffer = alloc(4_096)
  return {
    /** The datagram that holds `word`. */
    async heard(word: string): Promise<string> {
      for (let waited = 0; waited < 10_000; waited += 20) {
        const length = receive(fd, buffer)
        const text = new TextDecoder().decode(buffer.subarray(0, Math.max(0, length)))
        if (text.includes(word)) return text
        if (length < 0) await Bun.sleep(20)
      }
      throw new Error(`${word} was not said`)
    },
    [Symbol.dispose]: () => closeFd(fd),
  }
}

/** A process of the test's own, which ends with it. */
function owned(words: string[]) {
  const child = Bun.spawn(words)
  return { child, [Symbol.dispose]: () => child.kill("SIGKILL") }
}

describe("a life", () => {
  test("start, status, rival, stop", async () => {
    const host = new Host()
    const before = await host.run("status")
    expect(before.exitCode).toBe(3)
    expect(before.stdout).toStartWith(`daemon status: stopped\ndata-dir: ${host.data}\n`)

    const started = await host.run("start", "--interval", "1", "--top-limit", "9")
    expect(started.stderr).toBe("")
    const pid = host.pid()
    expect(started).toEqual({
      exitCode: 0,
      stderr: "",
      stdout:
        `daemon started (pid=${pid})\ndata-dir: ${host.data}\npid-file: ${host.data}/daemon.pid\n` +
        `log-file: ${host.path}/daemon.log\nstate-file: ${host.path}/run/daemon.state\n` +
        `config-file: ${host.path}/daemon.json\ninterval=1s top-limit=9 retention=168h\n`,
    })
    // The first line is there already.
    expect(host.lines()[0]).toMatchObject({ top_limit_per_side: 9, seq: 1, events: [{ kind: "start" }] })

    // Its own session, no folder held busy, nothing of ours inherited.
    const [, , , , , session] = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")
    expect(Number(session)).toBe(pid)

    const status = await host.run("status", "--json")
    expect(status.exitCode).toBe(0)
    expect(JSON.parse(status.stdout)).toMatchObject({
      running: true,
      pid,
      data_dir: host.data,
      interval: 1,
      errors: [],
      started_at: expect.any(String),
      last_snapshot_at: expect.any(String),
    })
    expect((await host.run("status")).stdout).toStartWith(`daemon status: running (pid=${pid})\n`)

    const rival = await host.run("start")
    expect(rival).toMatchObject({ exitCode: 1, stdout: "" })
    expect(rival.stderr).toMatch(
      new RegExp(`^holyf-network: daemon already running \\(pid=${pid}\\) for ${host.data}, [^\n]+\n$`),
    )
    expect((await host.run("run")).stderr).toContain(`daemon already running (pid=${pid})`)

    const stopped = await host.run("stop")
    expect(stopped.exitCode).toBe(0)
    expect(stopped.stdout).toStartWith(`daemon stopped (pid=${pid})\ndata-dir: ${host.data}\n`)
    expect(isAlive(pid)).toBe(false)
    expect(host.lines().at(-1)).toMatchObject({ look: false })
    expect(host.lines().at(-1)!.events!.at(-1)!.kind).toBe("stop")
    expect(existsSync(join(host.data, "daemon.pid"))).toBe(false)
    expect(existsSync(host.env.HOLYF_NETWORK_DAEMON_STATE_FILE)).toBe(false)
    expect((await host.run("stop")).stdout).toStartWith("daemon not running")
    expect((await host.run("status")).exitCode).toBe(3)
    expect((await host.run("logs", "-n", "1")).stdout).toEndWith("holyf-network daemon stopping\n")
  }, 30_000)

  test("everything it writes is for its user and group only", async () => {
    const host = new Host()
    expect((await host.run("start")).exitCode).toBe(0)
    for (const folder of [host.data, join(host.path, "run")]) {
      expect([folder, statSync(folder).mode & 0o777]).toEqual([folder, 0o750])
      for (const name of readdirSync(folder))
        expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o640])
    }
    expect(statSync(join(host.path, "daemon.log")).mode & 0o777).toBe(0o640)
  }, 30_000)

  test("SIGHUP reloads daemon.json and opens the log again; a broken file changes nothing", async () => {
    const host = new Host()
    const settings = { "data-dir": host.data, "log-file": join(host.path, "daemon.log") }
    host.configure({ ...settings, interval: 300 })
    expect((await host.run("start")).exitCode).toBe(0)
    const log = join(host.path, "daemon.log")
    const status = async () => JSON.parse((await host.run("status", "--json")).stdout)
    const hup = async (until: () => boolean) => {
      process.kill(host.pid(), "SIGHUP")
      for (let i = 0; i < 200 && !until(); i++) await Bun.sleep(20)
      expect(until()).toBe(true)
    }
    const logged = (word: string) => () => existsSync(log) && readFileSync(log, "utf8").includes(word)
    unlinkSync(log)
    host.configure({ ...settings, interval: 0 })
    await hup(logged("interval takes a whole number from 1 to 300, not 0; the settings stay as they were"))
    expect((await status()).interval).toBe(300)
    host.configure({ ...settings, interval: 299 })
    await hup(logged("] reload"))
    expect((await status()).running).toBe(true)
  }, 30_000)

  test("restart keeps the flags of the start", async () => {
    const host = new Host()
    expect((await host.run("start", "--interval", "7")).exitCode).toBe(0)
    const before = host.pid()
    const again = await host.run("restart")
    expect(again.stderr).toBe("")
    expect(again.stdout).toContain(`daemon stopped (pid=${before})\ndaemon started (pid=${host.pid()})\n`)
    expect(again.stdout).toContain("interval=7s")
    expect(isAlive(before)).toBe(false)
  }, 30_000)

  test("the zone of the caller is the zone of the worker", async () => {
    const host = new Host()
    const { exitCode } = await runProgram(["daemon", "start"], { ...host.env, TZ: "Asia/Kolkata" })
    expect(exitCode).toBe(0)
    expect(host.lines()[0]!.captured_at).toEndWith("+05:30")
  }, 30_000)
})

describe("nobody else is ever signalled", () => {
  test("a pid that is somebody else's now", async () => {
    const host = new Host()
    using bystander = owned(["sleep", "60"])
    mkdirSync(host.data)
    mkdirSync(join(host.path, "run"))
    const record = {
      pid: bystander.child.pid,
      data_dir: host.data,
      pid_file: join(host.data, "daemon.pid"),
      log_file: "",
      lock_file: join(host.data, ".daemon.lock"),
      started_at: "2026-01-01T00:00:00Z",
    }
    writeFileSync(record.pid_file, `${bystander.child.pid}\n`)
    writeFileSync(record.lock_file, JSON.stringify(record))
    writeFileSync(host.env.HOLYF_NETWORK_DAEMON_STATE_FILE, JSON.stringify(record))
    const { stdout, exitCode } = await host.run("stop")
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`stale pid=${bystander.child.pid} cleaned`)])
    expect(bystander.child.exitCode).toBeNull()
    expect(existsSync(record.pid_file)).toBe(false)
    expect((await host.run("start")).exitCode).toBe(0)
    expect(bystander.child.exitCode).toBeNull()
  }, 30_000)

  requires({ tools: ["flock"] })(
    "a lock whose holder left no record",
    async () => {
      const host = new Host()
      mkdirSync(host.data)
      const lock = join(host.data, ".daemon.lock")
      using holder = owned(["flock", "--exclusive", "--no-fork", lock, "sleep", "60"])
      // The kernel lists the lock once it is held.
      const isHeld = () => existsSync(lock) && readFileSync("/proc/locks", "utf8").includes(`:${statSync(lock).ino} `)
      for (let i = 0; i < 250 && !isHeld(); i++) await Bun.sleep(20)
      expect(isHeld()).toBe(true)
      const { stderr, exitCode } = await host.run("stop")
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("held by a process that left no record")])
      expect((await host.run("start")).stderr).toContain("held by a process that left no record")
      expect(holder.child.exitCode).toBeNull()
    },
    30_000,
  )

  test("after a kill the next start heals everything that was left", async () => {
    const host = new Host()
    expect((await host.run("start")).exitCode).toBe(0)
    const pid = host.pid()
    process.kill(pid, "SIGKILL")
    while (isAlive(pid)) await Bun.sleep(10)
    const status = await host.run("status")
    expect([status.exitCode, status.stdout]).toEqual([
      3,
      expect.stringContaining(`stopped (stale active-state pid=${pid} cleaned)`),
    ])
    writeFileSync(host.env.HOLYF_NETWORK_DAEMON_STATE_FILE, '{"pid":')
    expect((await host.run("start")).exitCode).toBe(0)
    expect(JSON.parse(readFileSync(host.env.HOLYF_NETWORK_DAEMON_STATE_FILE, "utf8")).pid).toBe(host.pid())
  }, 30_000)

  test("an explicit target is the one that is stopped", async () => {
    const host = new Host()
    const other = join(host.path, "other")
    expect((await host.run("start")).exitCode).toBe(0)
    expect((await host.run("start", "--data-dir", other)).exitCode).toBe(0)
    const [first, second] = [host.pid(), host.pid(other)]
    expect((await host.run("stop", "--pid-file", join(other, "daemon.pid"))).stdout).toContain(`(pid=${second})`)
    expect([isAlive(first), isAlive(second)]).toEqual([true, false])
    expect((await host.run("stop", "--data-dir", other)).stdout).toStartWith("daemon not running")
    expect((await host.run("stop", "--pid-file", join(host.path, "nowhere"))).stdout).toStartWith("daemon not running")
    expect(isAlive(first)).toBe(true)
  }, 30_000)
})

describe("two starts at once", () => {
  // Each takes about 0.4 s: HOLYF_TEST_DOUBLE_STARTS=200 is the whole number, and takes about a minute and a half.
  const rounds = Number(process.env.HOLYF_TEST_DOUBLE_STARTS ?? 30)
  test(`exactly one wins and the other says who (${rounds} times)`, async () => {
    const host = new Host()
    for (let round = 0; round < rounds; round++) {
      const both = await Promise.all([host.run("start"), host.run("start")])
      const pid = host.pid()
      const codes = both.map(({ exitCode }) => exitCode).sort()
      expect([round, ...codes]).toEqual([round, 0, 1])
      const winner = both.find(({ exitCode }) => exitCode === 0)!
      const loser = both.find(({ exitCode }) => exitCode === 1)!
      expect(winner.stdout).toStartWith(`daemon started (pid=${pid})\n`)
      expect(loser.stderr).toContain(`daemon already running (pid=${pid})`)
      expect((await host.run("stop")).stdout).toStartWith(`daemon stopped (pid=${pid})`)
    }
  }, 300_000)
})

describe("a data directory that cannot be used", () => {
  const refused = async (host: Host, words: string[], message: RegExp) => {
    const { stdout, stderr, exitCode } = await host.run("start", ...words)
    expect(stderr).toMatch(/^holyf-network: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([stdout, exitCode]).toEqual(["", 1])
  }

  test("a file, or below one", async () => {
    const host = new Host()
    const file = join(host.path, "file")
    writeFileSync(file, "x")
    await refused(host, ["--data-dir", file], /cannot (use|look).*file.*: ENOTDIR|EEXIST/)
    await refused(host, ["--data-dir", join(file, "below")], /ENOTDIR/)
    expect(readFileSync(file, "utf8")).toBe("x")
  }, 30_000)

  test("the lock, the segment or the pid file is a link", async () => {
    const host = new Host()
    const victim = join(host.path, "victim")
    writeFileSync(victim, "precious\n")
    mkdirSync(host.data)
    symlinkSync(victim, join(host.data, ".daemon.lock"))
    await refused(host, [], /symbolic link/)
    unlinkSync(join(host.data, ".daemon.lock"))
    const today = new Date()
    const day = `${today.getFullYear()}${String(today.getMonth() + 1).padStart(2, "0")}${String(today.getDate()).padStart(2, "0")}`
    symlinkSync(victim, join(host.data, `connections-${day}.jsonl`))
    await refused(host, [], /symbolic link/)
    unlinkSync(join(host.data, `connections-${day}.jsonl`))
    // A pid file is replaced, not followed.
    symlinkSync(victim, join(host.data, "daemon.pid"))
    expect((await host.run("start")).exitCode).toBe(0)
    expect(readFileSync(victim, "utf8")).toBe("precious\n")
  }, 30_000)

  asRoot(
    "of somebody else, or by somebody else's link",
    async () => {
      const host = new Host()
      mkdirSync(host.data)
      chownSync(host.data, NOBODY, NOBODY)
      await refused(host, [], /belongs to user 65534/)
      const theirs = join(host.path, "theirs")
      mkdirSync(join(host.path, "real"))
      Bun.spawnSync(["ln", "-s", join(host.path, "real"), theirs])
      Bun.spawnSync(["chown", "-h", `${NOBODY}`, theirs])
      await refused(host, ["--data-dir", theirs], /symbolic link of user 65534/)
      await refused(host, ["--data-dir", join(theirs, "deeper")], /symbolic link of user 65534/)
      // One of root's own is the administrator's will.
      const ours = join(host.path, "ours")
      symlinkSync(join(host.path, "real"), ours)
      expect((await host.run("start", "--data-dir", ours)).exitCode).toBe(0)
      expect((await host.run("stop", "--data-dir", ours)).exitCode).toBe(0)
      expect(host.segments(join(host.path, "real"))).toHaveLength(1)
    },
    30_000,
  )

  requires({ root: true, tools: ["setpriv"] })(
    "not writable",
    async () => {
      const host = new Host()
      mkdirSync(host.data)
      chmodSync(host.data, 0o755)
      chmodSync(host.path, 0o755)
      const child = Bun.spawn(
        ["setpriv", "--reuid", `${NOBODY}`, "--clear-groups", ...command(["daemon", "run", "--data-dir", host.data])],
        { env: { ...process.env, ...host.env }, stderr: "pipe", stdout: "pipe" },
      )
      const stderr = await new Response(child.stderr).text()
      expect(await child.exited).toBe(1)
      expect(stderr).toMatch(/^holyf-network: cannot use .* belongs to user 0.*\n$/)
    },
    30_000,
  )

  requires({ root: true, tools: ["unshare", "mount"] })(
    "on a full disk",
    async () => {
      const host = new Host()
      mkdirSync(host.data)
      const script = 'mount -t tmpfs -o size=64k,mode=750 none "$1" && head -c 60k /dev/zero > "$1/filler"; shift; "$@"'
      const child = Bun.spawn(
        ["unshare", "--mount", "sh", "-c", script, "sh", host.data, ...command(["daemon", "start"])],
        {
          env: { ...process.env, ...host.env },
          stderr: "pipe",
          stdout: "pipe",
        },
      )
      const stderr = await new Response(child.stderr).text()
      expect(await child.exited).toBe(1)
      expect(stderr).toMatch(/^holyf-network: cannot [^\n]*ENOSPC[^\n]*\n$/)
    },
    30_000,
  )
})

describe("settings", () => {
  test("a broken daemon.json ends start and run, even beside a worker, and is a warning for the rest", async () => {
    const host = new Host()
    expect((await host.run("start")).exitCode).toBe(0)
    host.configure('{\n  "intervall": 5\n}')
    for (const word of ["start", "run"]) {
      const { stderr, exitCode } = await host.run(word)
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/daemon\.json:2: unknown key "intervall"/)])
    }
    for (const [word, code] of [
      ["status", 0],
      ["prune", 0],
      ["logs", 0],
      ["stop", 0],
    ] as const) {
      const { stderr, exitCode } = await host.run(word)
      expect([word, exitCode]).toEqual([word, code])
      expect(stderr).toMatch(/^holyf-network: warning: .*unknown key "intervall".*going on without it\n$/)
    }
  }, 30_000)

  test("an interface that does not exist", async () => {
    const { stderr, exitCode } = await new Host().run("start", "-i", "nope0")
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("interface nope0 does not exist")])
  })

  asRoot("without HOME root has its folders", async () => {
    const child = Bun.spawn(command(["daemon", "status"]), {
      env: { PATH: process.env.PATH ?? "", HOLYF_NETWORK_DAEMON_CONFIG_FILE: "/nonexistent" },
      stdout: "pipe",
      stderr: "pipe",
    })
    expect(await new Response(child.stdout).text()).toContain("data-dir: /")
    expect([0, 3]).toContain(await child.exited)
  })
})

describe("prune", () => {
  test("says what would go, then deletes it", async () => {
    const host = new Host()
    mkdirSync(host.data)
    const old = ["connections-20200101.jsonl", "connections-20200102.jsonl.zst", "trace-history-20200101.jsonl"]
    for (const name of [...old, "connections-20260101.jsonl", "keep.txt"]) writeFileSync(join(host.data, name), "x\n")
    mkdirSync(join(host.data, "traces"))
    for (const name of ["trace-a.pcap", "trace-b.pcap"]) writeFileSync(join(host.data, "traces", name), "x\n")
    utimesSync(join(host.data, "traces/trace-a.pcap"), 1_600_000_000, 1_600_000_000)
    const dry = await host.run("prune", "--dry-run", "--retention-hours", "24")
    expect(dry.exitCode).toBe(0)
    for (const name of old) expect(dry.stdout).toContain(`would remove: ${name} (`)
    expect(readdirSync(host.data)).toHaveLength(6)
    const done = JSON.parse((await host.run("prune", "--json")).stdout)
    expect(done).toMatchObject({
      data_dir: host.data,
      data_dir_source: "daemon.json",
      retention_hours: 168,
      errors: [],
    })
    expect(done.removed).toHaveLength(4)
    expect(readdirSync(host.data).sort()).toEqual(["connections-20260101.jsonl", "keep.txt", "traces"])
    expect(readdirSync(join(host.data, "traces"))).toEqual(["trace-b.pcap"])
  }, 30_000)

  test("of a directory that does not exist has nothing to do", async () => {
    const { stdout, exitCode } = await new Host().run("prune")
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("removed-by-age: 0")])
  })
})

describe("the unit", () => {
  requires({ tools: ["systemd-analyze"] })("passes the service manager's own check", async () => {
    using folder = temporaryFolder()
    const { stdout } = await runProgram(["daemon", "unit"])
    const unit = folder.write("holyf-network.service", stdout)
    const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", unit])
    expect([exitCode, stderr.toString()]).toEqual([0, ""])
  })

  test("the worker tells the service manager that it is ready", async () => {
    const host = new Host()
    const socket = join(host.path, "notify")
    using manager = listenAt(socket)
    const worker = Bun.spawn(command(["daemon", "run", "--log-file", join(host.path, "l")]), {
      env: { ...process.env, ...host.env, NOTIFY_SOCKET: socket },
    })
    expect(await manager.heard("READY=1")).toContain(`MAINPID=${worker.pid}`)
    expect(host.lines()).toHaveLength(1)
    worker.kill("SIGTERM")
    await manager.heard("STOPPING=1")
    expect(await worker.exited).toBe(0)
  }, 30_000)
})

describe("traces are looked for where the history is kept:", () => {
  const listed = async (host: Host, ...words: string[]) => {
    const { stdout, stderr } = await runProgram(["trace", "--list", "--json", ...words], host.env)
    return { dataDir: JSON.parse(stdout).data_dir as string, stderr }
  }

  test("that of the settings, unless another worker runs, unless another is named", async () => {
    const host = new Host()
    expect(await listed(host)).toEqual({ dataDir: host.data, stderr: "" })
    const other = join(host.path, "other")
    await host.run("start", "-i", "lo", "--data-dir", other)
    expect(await listed(host)).toEqual({ dataDir: other, stderr: "" })
    expect(await listed(host, "--data-dir", join(host.path, "third"))).toEqual({
      dataDir: join(host.path, "third"),
      stderr: "",
    })
    await host.run("stop", "--data-dir", other)
    expect(await listed(host)).toEqual({ dataDir: host.data, stderr: "" })
  }, 30_000)

  test("settings that cannot be used are said, and the traces are listed all the same", async () => {
    const host = new Host()
    host.configure("{ broken")
    const { dataDir, stderr } = await listed(host)
    expect(stderr).toMatch(/^holyf-network: warning: .*daemon\.json.*; going on without it\n$/)
    expect(dataDir).toEndWith("/snapshots")
  })
})
