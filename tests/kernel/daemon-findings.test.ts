/** A fault made for real in a namespace, recorded by a real worker, and told by replay. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { readSnapshots } from "../../src/core/snapshot/read.ts"
import type { SnapshotLine } from "../../src/core/snapshot/schema.ts"
import { temporaryFolder } from "../support/folder.ts"
import { openPty } from "../support/pty.ts"
import { command, runProgram } from "../support/source-program.ts"
import { describeInNamespace } from "./namespace.ts"

const ID = "accept-queue-overflow"
const DEADLINE_MS = 40_000

/** A server that never accepts, and its clients: twenty a second. */
const STUCK = `
  use Socket; use Fcntl;
  $0 = "stuck-api";
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die $!;
  bind($listener, sockaddr_in(8080, INADDR_LOOPBACK)) or die $!;
  listen($listener, 2) or die $!;
  my @clients;
  for (1 .. 2_000) {
    socket(my $client, PF_INET, SOCK_STREAM, 0) or die $!;
    fcntl($client, F_SETFL, O_NONBLOCK) or die $!;
    connect($client, sockaddr_in(8080, INADDR_LOOPBACK));
    push @clients, $client;
    select(undef, undef, undef, 0.05);
  }
`

describeInNamespace(
  "findings of the daemon",
  import.meta.path,
  () => {
    const folder = temporaryFolder()
    const data = join(folder.path, "data")
    const children: Bun.Subprocess[] = []
    const env = { ...process.env, HOME: folder.path, TZ: "UTC" }

    const start = (words: readonly string[]) => {
      const child = Bun.spawn([...words], { env, stdin: "ignore", stdout: "ignore", stderr: "ignore" })
      children.push(child)
      return child
    }

    const linesOf = (): readonly SnapshotLine[] => {
      const name = readdirSync(data).find((each) => each.endsWith(".jsonl"))
      return name === undefined ? [] : readSnapshots(readFileSync(join(data, name), "utf8")).lines
    }

    /** Waits for a line that the worker has written. */
    async function lineWith(isWanted: (line: SnapshotLine) => boolean): Promise<SnapshotLine> {
      const end = Date.now() + DEADLINE_MS
      for (;;) {
        const line = linesOf().findLast(isWanted)
        if (line !== undefined) return line
        if (Date.now() > end) throw new Error(`no such line came: ${JSON.stringify(linesOf().at(-1))}`)
        await Bun.sleep(100)
      }
    }

    const names = (line: SnapshotLine) => (line.findings ?? []).map(({ id }) => id)

    beforeAll(async () => {
      for (const words of [
        ["ip", "link", "set", "lo", "up"],
        ["ip", "netns", "add", "pod"],
        ["ip", "-n", "pod", "link", "set", "lo", "up"],
      ])
        expect(Bun.spawnSync(words).exitCode).toBe(0)
      mkdirSync(data)
      const worker = start(command(["daemon", "run", "--interval", "1", "--data-dir", data]))
      await lineWith(({ findings }) => findings?.length === 0)
      const stuck = start(["ip", "netns", "exec", "pod", "perl", "-e", STUCK])
      const told = await lineWith((line) => names(line).includes(ID) && line.findings![0]!.culprit!.includes("8080"))
      expect(told.health?.level).not.toBe("ok")
      stuck.kill()
      const at = told.epoch_ms!
      await lineWith((line) => line.epoch_ms! > at && line.findings?.length === 0)
      worker.kill()
      await worker.exited
    }, DEADLINE_MS * 3)

    afterAll(() => {
      for (const child of children) child.kill("SIGKILL")
      folder[Symbol.dispose]()
    })

    test("the lines have the finding while it stands: who, where, and the figures", () => {
      const told = linesOf().filter((line) => names(line).includes(ID))
      expect(told.length).toBeGreaterThan(0)
      for (const line of told) {
        const finding = line.findings!.find(({ id }) => id === ID)!
        expect(finding.netns).toBe("pod")
        expect(finding.culprit).toEndWith(", namespace pod")
        expect(finding.evidence!.join()).toContain("TcpExt.ListenOverflows")
      }
      expect(told.some((line) => line.findings!.some(({ culprit }) => culprit?.includes("port 8080")))).toBe(true)
    })

    test("rows say which namespace they are of", () => {
      const rows = linesOf().flatMap((line) => line.incoming_groups ?? [])
      expect([...new Set(rows.filter(({ port }) => port === 8080).map(({ netns }) => netns))]).toEqual(["pod"])
    })

    test("replay tells it: the days, the record of the time, the screen and its marks", async () => {
      const list = await runProgram(["replay", "--data-dir", data, "--list", "--json"], { TZ: "UTC" })
      const [day] = JSON.parse(list.stdout).days
      expect(day.findings.map(({ id }: { id: string }) => id)).toContain(ID)
      const { captured_at } = linesOf().findLast((line) => names(line).includes(ID))!
      const at = `${captured_at.slice(0, 10)} ${captured_at.slice(11, 19)}`
      const record = await runProgram(["replay", "--data-dir", data, "--at", at, "--json"], { TZ: "UTC" })
      expect(names(JSON.parse(record.stdout).snapshot)).toContain(ID)
      const text = await runProgram(["replay", "--data-dir", data, "--at", at], { TZ: "UTC" })
      expect(text.stdout).toContain(ID)
      expect(text.stdout).toContain("TcpExt.ListenOverflows")
    })

    test("the screen has its marks, its figures and its place among what came and went", async () => {
      await using pty = openPty(command(["replay", "--data-dir", data]), { cols: 200, rows: 60, env: { TZ: "UTC" } })
      pty.send("a")
      // The first snapshot that has rows.
      await pty.until((shown) => /Active 1\/[1-9]/.test(shown), DEADLINE_MS)
      pty.send("n")
      const shown = await pty.until((now) => now.includes("TcpExt.ListenOverflows"), DEADLINE_MS)
      expect(shown).toContain("A program does not accept its connections")
      expect(shown).toContain("namespace pod")
      // The row of marks: onset, what stood, and the present.
      expect(shown).toMatch(/│ *\|?[ |]*[CW][ CW]*\|? *│/)
      pty.send("d")
      await pty.until((now) => now.includes("─ Diagnosis history ─") && now.includes(`${ID} · first seen`), DEADLINE_MS)
    }, 60_000)
  },
  ["perl"],
)
