/**
 * What naming processes costs. Run with `bun tests/bench/owners.ts [sockets]`.
 *
 * One process of its own making holds all the sockets: pairs over loopback, so two descriptors a connection.
 */
import { findListeners } from "../../src/core/model/direction.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { OwnerSearch } from "../../src/shell/processes.ts"

const wanted = Number(process.argv[2] ?? 10_000)

/** Perl is on every Debian and needs no build; it says "ready" and waits until its input ends. */
const holder = `
  use Socket;
  $| = 1;
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
  listen($listener, 1024) or die "listen: $!";
  my $to = getsockname($listener);
  my @all;
  for (1 .. $ARGV[0] / 2) {
    socket(my $client, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    connect($client, $to) or die "connect: $!";
    accept(my $accepted, $listener) or die "accept: $!";
    push @all, $client, $accepted;
  }
  print "ready\\n";
  <STDIN>;
`

const child = Bun.spawn(
  ["sh", "-c", 'ulimit -n "$2" 2>/dev/null; exec perl -e "$0" "$1"', holder, `${wanted}`, `${wanted + 100}`],
  {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  },
)
const { value } = await child.stdout.getReader().read()
if (value === undefined) throw new Error("the process with the sockets did not start: too few descriptors allowed?")

/** Runs `work` and measures the longest time in which the event loop did not run. */
async function withLag<T>(work: () => Promise<T>): Promise<{ result: T; ms: number; lagMs: number }> {
  let lagMs = 0
  let isDone = false
  let last = performance.now()
  const probe = () => {
    const now = performance.now()
    lagMs = Math.max(lagMs, now - last)
    last = now
    if (!isDone) setImmediate(probe)
  }
  setImmediate(probe)
  const start = performance.now()
  const result = await work()
  const ms = performance.now() - start
  isDone = true
  lagMs = Math.max(lagMs, performance.now() - last)
  return { result, ms, lagMs }
}

const row = (...cells: (string | number)[]) =>
  console.log(
    cells
      .map((cell, i) =>
        typeof cell === "number" ? cell.toFixed(2).padStart(10) : i === 0 ? cell.padEnd(34) : cell.padStart(10),
      )
      .join(" "),
  )

try {
  const tables = [createSocketTable(), createSocketTable()]
  const search = new OwnerSearch()
  row("look", "sockets", "named", "ms", "work ms", "lag ms", "folders", "links", "us/link")
  for (let i = 0; i < 8; i++) {
    const table = tables[i % 2]!
    const previous = i === 0 ? undefined : tables[(i + 1) % 2]!
    await listSockets(table)
    linkPrevious(table, previous)
    const listeners = findListeners(table)
    const { result, ms, lagMs } = await withLag(() => search.find(table, listeners, { budgetMs: 10_000, previous }))
    let named = 0
    for (let r = 0; r < table.length; r++) if (table.owner[r]! >= 0) named++
    const { stats } = result
    const perLink = stats.descriptorsRead > 0 ? (stats.elapsedMs * 1000) / stats.descriptorsRead : "-"
    const what = i === 0 ? "first: nobody is known" : "steady: everybody is known"
    row(
      what,
      `${table.length}`,
      `${named}`,
      ms,
      stats.elapsedMs,
      lagMs,
      `${stats.directoriesOpened}`,
      `${stats.descriptorsRead}`,
      perLink,
    )
  }
} finally {
  child.stdin.end()
  await child.exited
}
