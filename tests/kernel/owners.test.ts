/** Who holds which socket, asked of the real kernel about real processes. */
import { afterEach, beforeAll, expect } from "bun:test"
import { join } from "node:path"
import { LISTEN } from "../../src/core/model/direction.ts"
import { dyingWithUs } from "../support/helper.ts"
import { requires } from "../support/requirements.ts"
import { describeInNamespace } from "./namespace.ts"
import { watch } from "./owner-watch.ts"

const TIME_WAIT = 6
const PORT = 7001

/**
 * Perl forks and names itself; it is part of every Debian. `pid()` is the process as /proc counts it, which is not as
 * the process itself does when it is in a pid namespace of its own.
 */
const perl = (program: string) => `use Socket; $| = 1; sub pid { readlink("/proc/self") } ${program}`

/** A master that listens and a worker that accepts; the worker closes a connection when it is told "bye". */
const server = perl(`
  $0 = "shop-master";
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($listener, sockaddr_in(${PORT}, INADDR_LOOPBACK)) or die "bind: $!";
  listen($listener, 16) or die "listen: $!";
  print pid(), "\\n";
  my $worker = fork();
  if ($worker == 0) {
    $0 = "shop-worker";
    print pid(), "\\n";
    while (accept(my $client, $listener)) {
      print "accepted\\n";
      my $line = <$client>;
      close($client);
    }
    exit 0;
  }
  <STDIN>;
  kill("TERM", $worker);
  waitpid($worker, 0);
`)

/** Connects, and does what its input says: "bye" has the server close first, "close" closes. */
const client = perl(`
  $0 = "shop-client";
  socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($server, sockaddr_in(${PORT}, INADDR_LOOPBACK)) or die "connect: $!";
  print pid(), "\\n";
  while (my $line = <STDIN>) {
    if ($line eq "bye\\n") { syswrite($server, "bye\\n"); sysread($server, my $end, 1); close($server); print "closed\\n"; }
    if ($line eq "close\\n") { close($server); print "closed\\n"; }
  }
`)

/** As many as this host lets a process have. */
const DESCRIPTORS = Math.min(20_000, Number(Bun.spawnSync(["sh", "-c", "ulimit -Hn"]).stdout.toString()) - 20 || 20_000)

const crowded = perl(`
  $0 = "crowded";
  my @all;
  for (1 .. ${DESCRIPTORS}) { open(my $one, "<", "/dev/null") or die "open: $!"; push @all, $one; }
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
  listen($listener, 16) or die "listen: $!";
  print pid(), "\\n";
  <STDIN>;
`)

const perlTest = requires({ tools: ["perl"] })

const running: { stdin: { end(): unknown }; exited: Promise<number> }[] = []

/** Starts a program and reads what it says, a line at a time. */
function start(program: string, before = "") {
  const child = Bun.spawn(dyingWithUs(["sh", "-c", `${before} exec perl -e "$0"`, program]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  })
  running.push(child)
  const reader = child.stdout.getReader()
  let text = ""
  const line = async (): Promise<string> => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read()
      if (done) throw new Error("the program ended before it said what was expected")
      text += new TextDecoder().decode(value)
    }
    const end = text.indexOf("\n")
    const first = text.slice(0, end)
    text = text.slice(end + 1)
    return first
  }
  const tell = (word: string) => {
    child.stdin.write(`${word}\n`)
    child.stdin.flush()
  }
  return { line, tell }
}

type Look = Awaited<ReturnType<ReturnType<typeof watch>>>

/** Looks until it holds: a close reaches the other end a moment later. */
async function lookUntil(look: () => Promise<Look>, holds: (look: Look) => boolean): Promise<Look> {
  const deadline = performance.now() + 5_000
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > deadline) throw new Error("did not come to pass within 5 s")
    await Bun.sleep(10)
  }
}

describeInNamespace("owners", import.meta.path, () => {
  beforeAll(() => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"])
  })
  afterEach(async () => {
    for (const child of running.splice(0)) {
      child.stdin.end()
      await child.exited
    }
  })

  perlTest("names master, worker and client, and the owner of what they left behind", async () => {
    const shop = start(server)
    const master = Number(await shop.line())
    const worker = Number(await shop.line())
    const first = start(client)
    const buyer = Number(await first.line())
    expect(await shop.line()).toBe("accepted")

    const look = watch()
    const open = await look()
    expect(open.owners({ state: LISTEN })).toMatchObject([{ pid: master, name: "shop-master", isSure: true }])
    expect(open.owners({ state: 1, localPort: PORT })).toMatchObject([
      { pid: worker, name: "shop-worker", isSure: true },
    ])
    expect(open.owners({ state: 1, remotePort: PORT })).toMatchObject([{ pid: buyer, name: "shop-client" }])
    expect(open.findings).toMatchObject({ isFinished: true })
    expect(open.findings.note).toBeUndefined()

    const again = await look()
    expect(again.findings.stats).toMatchObject({ directoriesOpened: 0, descriptorsRead: 0 })
    expect(again.owners({ state: 1, localPort: PORT })).toMatchObject([{ pid: worker }])

    // The client closes first: its end stays in TIME_WAIT.
    first.tell("close")
    expect(await first.line()).toBe("closed")
    const left = await lookUntil(look, ({ owners }) => owners({ state: TIME_WAIT }).length === 1)
    expect(left.owners({ state: TIME_WAIT, remotePort: PORT })).toMatchObject([
      { pid: buyer, name: "shop-client", isSure: false },
    ])

    // The server closes first: known before, it is the worker's; seen for the first time, the listener's.
    const second = start(client)
    await second.line()
    expect(await shop.line()).toBe("accepted")
    expect((await look()).owners({ state: 1, localPort: PORT })).toMatchObject([{ pid: worker }])
    second.tell("bye")
    expect(await second.line()).toBe("closed")
    const atServer = { state: TIME_WAIT, localPort: PORT }
    expect((await lookUntil(look, ({ owners }) => owners(atServer).length === 1)).owners(atServer)).toMatchObject([
      { pid: worker, name: "shop-worker", isSure: false },
    ])
    expect((await watch()()).owners(atServer)).toMatchObject([{ pid: master, name: "shop-master", isSure: false }])
  })

  perlTest("counts who shares a listener when the search goes through everyone", async () => {
    const shop = start(server)
    const master = Number(await shop.line())
    await shop.line()
    // The client is the last process there is, so the search for its socket passes by everyone else.
    await start(client).line()
    const { owners } = await watch()()
    expect(owners({ state: LISTEN })).toMatchObject([{ pid: master, sharerCount: 2 }])
  })

  perlTest(`keys stay alive while a process with ${DESCRIPTORS} descriptors is searched`, async () => {
    const one = start(crowded, "ulimit -n $(ulimit -Hn);")
    const pid = Number(await one.line())
    // In time of our own processor: on a busy machine others take their turns in between.
    const busyMs = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000
    let longest = 0
    let isDone = false
    let last = busyMs()
    const probe = () => {
      longest = Math.max(longest, busyMs() - last)
      last = busyMs()
      if (!isDone) setImmediate(probe)
    }
    const look = watch()
    const search = look()
    setImmediate(probe)
    const { owners, findings } = await search
    isDone = true
    // When the loop never ran, the probe did not either.
    longest = Math.max(longest, busyMs() - last)
    expect(owners({ state: LISTEN })).toMatchObject([{ pid, name: "crowded" }])
    expect(findings.stats.descriptorsRead).toBeGreaterThan(DESCRIPTORS)
    console.log(`longest turn ${longest.toFixed(1)} ms, whole search ${findings.stats.elapsedMs.toFixed(1)} ms`)
    // 5 ms when the machine is quiet.
    expect(longest).toBeLessThan(50)
  })

  perlTest("without root the names of others are missing, with the reason", async () => {
    await start(server).line()
    await start(client).line()
    const script = `
      const { watch } = await import(${JSON.stringify(join(import.meta.dir, "owner-watch.ts"))})
      process.setgid(65534)
      process.setuid(65534)
      const { findings } = await watch()()
      const { note, isFinished, owners } = findings
      console.log(JSON.stringify({ note, isFinished, owners }))
    `
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" })
    expect(JSON.parse(await new Response(child.stdout).text())).toEqual({
      note: "some process names are missing: reading every process needs root with CAP_SYS_PTRACE",
      isFinished: true,
      owners: [],
    })
  })
})
