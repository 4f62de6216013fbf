/** `holyf-network trace` as an operator runs it: what it prints, and every way in which it can be refused. */
import { expect } from "bun:test"
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import net from "node:net"
import { join } from "node:path"
import { createTraceReader } from "../../src/core/trace/trace.ts"
import { deleteEntry, readHistory } from "../../src/shell/files/trace-files.ts"
import { findTcpdump, requireCapturePermission } from "../../src/shell/tools/tcpdump.ts"
import { folder } from "../shell/folder.ts"
import { holdNamespace } from "../support/helper.ts"
import * as make from "../support/packets.ts"
import { requires } from "../support/requirements.ts"
import { command, runProgram } from "../support/source-program.ts"
import { describeWithTcpdump, ourLines } from "../support/tcpdump-lines.ts"
import { until } from "./small-world.ts"

const inNamespace = requires({ root: true, tools: ["ip", "tcpdump"], namespace: true })
const unprivileged = requires({ root: true, tools: ["tcpdump", "setpriv"], namespace: true })

/** Answers every question, and asks one of itself every 100 ms until it is closed. */
async function chatter(port: number) {
  Bun.spawnSync(["ip", "link", "set", "lo", "up"])
  const server = net.createServer((socket) => socket.on("error", () => {}).on("data", () => socket.end("answer")))
  await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready))
  const timer = setInterval(() => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write("question"))
    socket.on("error", () => {}).resume()
  }, 100)
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      server.close()
    },
  }
}

inNamespace(
  "prints one object, keeps the packets and remembers the trace",
  async () => {
    using _ = await chatter(8201)
    using data = folder()
    const words = ["trace", "127.0.0.1:8201", "--seconds", "2", "--json", "--data-dir", data.path]
    const { stdout, stderr, exitCode } = await runProgram(words)
    expect([stderr, exitCode]).toEqual(["", 0])
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      interface: "lo",
      netns: null,
      dropped: 0,
      findings: [],
      peer: "127.0.0.1",
      port: 8201,
    })
    expect(report.filter).toStartWith("(host 127.0.0.1 and port 8201) or ")
    expect(report.seconds).toBeGreaterThanOrEqual(2)
    expect(report.packets).toBeGreaterThan(100)
    expect(report.bytes).toBeGreaterThan(report.packets * 50)
    expect(report.conversations.length).toBeGreaterThan(10)
    expect(report.conversations[0]).toMatchObject({
      protocol: "tcp",
      b: "127.0.0.1:8201",
      opened_by: "a",
      close: "fin",
      closed_by: "b",
    })
    expect(report.conversations[0].handshake_ms).toBeGreaterThan(0)

    // What was written is what was judged, and reads as tcpdump reads it.
    expect(statSync(report.pcap).mode & 0o777).toBe(0o600)
    const written = new Uint8Array(readFileSync(report.pcap))
    expect(ourLines(written)).toHaveLength(report.packets)
    expect(ourLines(written)).toEqual(describeWithTcpdump(report.pcap))

    const list = await runProgram(["trace", "--list", "--data-dir", data.path])
    expect(list.stdout).toContain("INFO Nothing is wrong in what was captured | 127.0.0.1:8201")
    const { entries } = readHistory(data.path)
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      status: "completed-timeout",
      decoded_packets: report.packets,
      pcap_path: report.pcap,
    })
    deleteEntry(data.path, entries[0]!)
    expect([readHistory(data.path).entries, existsSync(report.pcap)]).toEqual([[], false])
  },
  20_000,
)

inNamespace(
  "--read judges the file that --write wrote, and ends at the packet limit",
  async () => {
    using _ = await chatter(8202)
    using data = folder()
    const file = join(data.path, "mine.pcap")
    const made = await runProgram([
      "trace",
      "127.0.0.1:8202",
      "--packets",
      "50",
      "--write",
      file,
      "--json",
      "--data-dir",
      data.path,
    ])
    expect(made.exitCode).toBe(0)
    const report = JSON.parse(made.stdout)
    expect([report.packets, report.pcap, report.seconds < 10]).toEqual([50, file, true])
    expect(readdirSync(data.path)).not.toContain("traces")

    const read = await runProgram(["trace", "--read", file, "--json"])
    expect(JSON.parse(read.stdout)).toMatchObject({ interface: null, packets: 50, counts: report.counts })

    const again = await runProgram(["trace", "127.0.0.1", "--seconds", "1", "--write", file, "--data-dir", data.path])
    expect([again.stderr, again.exitCode]).toEqual([
      `holyf-network: cannot write ${file}: it exists already; choose another name\n`,
      1,
    ])
  },
  20_000,
)

inNamespace(
  "Ctrl+C ends a capture early and judges what there is",
  async () => {
    using _ = await chatter(8203)
    using data = folder()
    const child = Bun.spawn(
      command(["trace", "127.0.0.1:8203", "--seconds", "60", "--json", "--data-dir", data.path]),
      {
        stdout: "pipe",
        stderr: "ignore",
      },
    )
    const traces = join(data.path, "traces")
    await until(
      "packets to be written",
      () => existsSync(traces) && readdirSync(traces).some((name) => statSync(join(traces, name)).size > 3_000),
    )
    child.kill("SIGINT")
    const report = JSON.parse(await new Response(child.stdout).text())
    expect(await child.exited).toBe(0)
    expect(report.packets).toBeGreaterThan(10)
    expect(readHistory(data.path).entries[0]!.status).toBe("aborted")
  },
  20_000,
)

inNamespace(
  "captures inside another network namespace",
  async () => {
    using data = folder()
    const holder = await holdNamespace("ip link set lo up")
    try {
      const tracing = runProgram([
        "trace",
        "127.0.0.1:8204",
        "--netns",
        `${holder.pid}`,
        "--seconds",
        "3",
        "--json",
        "--data-dir",
        data.path,
      ])
      const source = "const net=require('net');setInterval(()=>net.connect(8204,'127.0.0.1').on('error',()=>{}),100)"
      const talker = Bun.spawn(["nsenter", "-t", `${holder.pid}`, "-n", process.execPath, "-e", source])
      const { stdout } = await tracing
      talker.kill("SIGKILL")
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({ interface: "any", netns: `${holder.pid}` })
      expect(report.findings.map(({ id }: { id: string }) => id)).toContain("refused")
    } finally {
      await holder.end()
    }
  },
  20_000,
)

inNamespace(
  "what cannot be captured is one line",
  async () => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"])
    using data = folder()
    const refused = async (...words: string[]) => {
      const { stdout, stderr, exitCode } = await runProgram([
        "trace",
        "127.0.0.1",
        "--seconds",
        "1",
        "--data-dir",
        data.path,
        ...words,
      ])
      expect(stdout).toBe("")
      expect(stderr).toMatch(/^holyf-network: [^\n]+\n$/)
      return { text: stderr.slice("holyf-network: ".length, -1), exitCode }
    }
    expect(await refused("--filter", "tcp and")).toEqual({
      text: 'tcpdump does not take the filter "tcp and": syntax error',
      exitCode: 2,
    })
    expect(await refused("--filter", "tcp) or (ip")).toMatchObject({
      text: "cannot trace: clause has brackets that do not match",
      exitCode: 2,
    })
    expect((await refused("--filter", "-w /tmp/x")).exitCode).toBe(2)
    expect((await refused("--interface", "nope0")).text).toContain("interface nope0 does not exist")
    expect((await refused("--netns", "nope")).text).toBe(
      "there is no network namespace nope; ip netns list shows those with a name",
    )
    expect((await refused("--netns", "../../etc/passwd")).exitCode).toBe(2)
    expect((await refused("--write", join(data.path, "none/x.pcap"))).text).toContain("ENOENT")
  },
  30_000,
)

inNamespace(
  "a folder that is not ours alone is not written into, and the trace is made all the same",
  async () => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"])
    using data = folder({ "elsewhere/": "" })
    Bun.spawnSync(["ln", "-s", join(data.path, "elsewhere"), join(data.path, "traces")])
    const { stdout, stderr, exitCode } = await runProgram([
      "trace",
      "127.0.0.1:8205",
      "--seconds",
      "1",
      "--data-dir",
      data.path,
    ])
    expect(exitCode).toBe(0)
    expect(stdout).toContain("Not one packet to or from 127.0.0.1 on port 8205")
    expect(stderr).toContain("is not a folder; the trace goes on without a file")
    expect(readdirSync(join(data.path, "elsewhere"))).toEqual([])
  },
  20_000,
)

inNamespace(
  "a full disk ends the file and not the trace",
  async () => {
    using _ = await chatter(8206)
    using data = folder({ "small/": "" })
    const small = join(data.path, "small")
    // A file system of its own in a mount namespace of its own, filled by another once the capture has begun.
    const fill =
      `(until find ${small}/traces -name '*.pcap' -size +1k 2>/dev/null | grep -q .; do sleep 0.02; done; ` +
      `cat /dev/zero > ${small}/fill) 2>/dev/null &`
    const script = `mount -t tmpfs -o size=70m tmpfs ${small}; ${fill} exec "$@"`
    const words = command(["trace", "127.0.0.1:8206", "--seconds", "3", "--json", "--data-dir", small])
    const child = Bun.spawn(["unshare", "--mount", "sh", "-ec", script, "sh", ...words], {
      stdout: "pipe",
      stderr: "pipe",
    })
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    expect([await child.exited, stderr]).toEqual([0, ""])
    const full = JSON.parse(stdout)
    expect(full.packets).toBeGreaterThan(100)
    expect(full.findings).toEqual([])
    expect(full.notes.join("\n")).toMatch(/the capture in .*\.pcap ends early: the disk is full/)
    const tight = `mount -t tmpfs -o size=20m tmpfs ${small} && exec "$@"`
    const second = Bun.spawn(["unshare", "--mount", "sh", "-ec", tight, "sh", ...words], {
      stdout: "pipe",
      stderr: "pipe",
    })
    const report = JSON.parse(await new Response(second.stdout).text())
    expect(report.pcap).toBeNull()
    expect(report.notes.join("\n")).toMatch(/20 MB are free, and 66 MB should be; the trace goes on without a file/)
  },
  30_000,
)

inNamespace(
  "without tcpdump the package is named",
  async () => {
    const paths = Bun.spawnSync([
      "sh",
      "-c",
      "for p in /usr/bin /usr/sbin /sbin /bin /usr/local/sbin /usr/local/bin; do [ -e $p/tcpdump ] && readlink -f $p/tcpdump; done; true",
    ])
    const files = [...new Set(paths.stdout.toString().trim().split("\n"))]
    const hide = files.map((file) => `mount --bind /dev/null ${file}`).join(" && ")
    const child = Bun.spawn(
      ["unshare", "--mount", "sh", "-ec", `${hide} && exec "$@"`, "sh", ...command(["trace", "127.0.0.1"])],
      { stdout: "pipe", stderr: "pipe" },
    )
    expect(await new Response(child.stderr).text()).toMatch(
      /^holyf-network: cannot trace: tcpdump is not on this host; (\S+ .*|)tcpdump\n$/,
    )
    expect(await child.exited).toBe(1)
    expect(() => findTcpdump([], "/nonexistent")).toThrow("install the package tcpdump")
  },
  20_000,
)

unprivileged(
  "without the right to capture it says which",
  async () => {
    const child = Bun.spawn(["setpriv", "--bounding-set", "-net_raw", ...command(["trace", "127.0.0.1"])], {
      stdout: "pipe",
      stderr: "pipe",
    })
    expect(await new Response(child.stderr).text()).toBe(
      "holyf-network: cannot trace: capturing packets needs CAP_NET_RAW. Run with sudo.\n",
    )
    expect(await child.exited).toBe(1)
    expect(() => requireCapturePermission("CapEff:\t0000000000002000\n")).not.toThrow()
    expect(() => requireCapturePermission("")).toThrow()
  },
  20_000,
)

inNamespace(
  "tcpdump runs as its own user, with raw sockets and nothing else, in a group of its own",
  async () => {
    using data = folder()
    const child = Bun.spawn(command(["trace", "127.0.0.1:8207", "--seconds", "30", "--data-dir", data.path]), {
      stdout: "ignore",
      stderr: "ignore",
    })
    try {
      let pid = 0
      const find = () => {
        for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
          try {
            const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0")
            if (words[0]!.endsWith("/tcpdump") && words.join(" ").includes("port 8207")) pid = Number(name)
          } catch {
            // It ended meanwhile.
          }
        }
        return pid > 0
      }
      await until("tcpdump", find)
      const status = readFileSync(`/proc/${pid}/status`, "utf8")
      const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)![1]!
      const hasUser = /^(tcpdump|pcap):/m.test(readFileSync("/etc/passwd", "utf8"))
      if (hasUser) {
        expect(field("Uid").split("\t")).not.toContain("0")
        expect([field("CapEff"), field("CapPrm"), field("CapAmb")]).toEqual(new Array(3).fill("0000000000002000"))
        expect(field("Groups").trim()).toBe("")
      }
      const group = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[2]
      expect(Number(group)).toBe(pid)
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8")
      expect(environment).toBe("PATH=/usr/sbin:/usr/bin:/sbin:/bin\0LC_ALL=C\0")
      expect(readdirSync(`/proc/${pid}/fd`).length).toBeLessThanOrEqual(6)
    } finally {
      child.kill("SIGKILL")
      await child.exited
    }
  },
  20_000,
)

inNamespace(
  "files that are none are refused by name, and damaged ones are read as far as they go",
  async () => {
    using files = folder()
    const packet = make.ethernet(make.segment({ flags: "S" }))
    const write = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(files.path, name), bytes)
      return join(files.path, name)
    }
    const read = async (path: string) => {
      const { stdout, stderr, exitCode } = await runProgram(["trace", "--read", path, "--json"])
      return { report: stdout === "" ? undefined : JSON.parse(stdout), stderr, exitCode }
    }
    expect((await read(write("a.txt", "hello, this is a text and no capture"))).stderr).toMatch(
      /it begins with neither the mark of pcap nor of pcapng\. Captures are pcap or pcapng files\.\n$/,
    )
    expect((await read(write("a.gz", Bun.gzipSync(new Uint8Array(make.pcap([packet])))))).stderr).toContain(
      "it is compressed with gzip; unpack it first",
    )
    expect((await read(join(files.path, "none"))).stderr).toContain("there is no such file")
    expect((await read(files.path)).stderr).toContain("it is a folder")
    const cut = await read(write("cut.pcap", make.pcap([packet, packet]).subarray(0, -10)))
    expect([cut.exitCode, cut.report.packets]).toEqual([0, 1])
    expect(cut.report.notes).toContain("the capture is damaged: it ends in the middle of packet 2")
    const radio = await read(write("radio.pcap", make.pcap([packet], { linkType: 127 })))
    expect(radio.report.notes).toContain("1 packet of link type 127 cannot be read here")
    expect((await read(write("ng.pcapng", make.pcapng([packet], { isBig: true })))).report.packets).toBe(1)
  },
  30_000,
)

inNamespace(
  "a data directory that cannot be written is a note, and the verdict is printed",
  async () => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"])
    using data = folder({ file: "" })
    chmodSync(join(data.path, "file"), 0o600)
    const { stdout, stderr, exitCode } = await runProgram([
      "trace",
      "127.0.0.1:8208",
      "--seconds",
      "1",
      "--data-dir",
      join(data.path, "file"),
    ])
    expect(exitCode).toBe(0)
    expect(stdout).toContain("0 packets")
    expect(stderr).toMatch(/cannot save the trace .*(ENOTDIR|EEXIST)[\s\S]*cannot write the trace history/)
    expect(createTraceReader().trace.packetCount).toBe(0)
  },
  20_000,
)

inNamespace(
  "a peer of IPv6 with its port",
  async () => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"])
    using data = folder()
    const tracing = runProgram(["trace", "[::1]:8209", "--seconds", "2", "--json", "--data-dir", data.path])
    const timer = setInterval(() => net.connect(8209, "::1").on("error", () => {}), 100)
    const report = JSON.parse((await tracing).stdout)
    clearInterval(timer)
    expect(report).toMatchObject({ peer: "::1", port: 8209, interface: "lo" })
    expect(report.findings[0]).toMatchObject({ id: "refused", confidence: "high" })
    expect(report.findings[0].evidence[0]).toBe("peer [::1]:8209 answered [S] with [R.] (packets 1, 2)")
  },
  20_000,
)
