/**
 * Many standing TCP connections, held by processes that do nothing else, so that they cost whoever is measured nothing.
 *
 * Half of the sockets are incoming ones, and there is a peer for every ten of them. Must run inside a network namespace
 * of its own: it takes the addresses of 127.0.0.0/8 for itself.
 */

/** The kernel's hard limit of descriptors a process, less those that a process needs for itself. */
const SPARE_DESCRIPTORS = 100

// Perl is on every Debian and, unlike a Bun, holds 20,000 sockets in 10 MB. Each holder has its own port; peers are
// addresses 127.(16 + holder).x.y. It says "ready" and waits until its input ends.
const holder = `
  use Socket;
  $| = 1;
  my ($number, $pairs) = @ARGV;
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!";
  bind($listener, sockaddr_in(8000 + $number, INADDR_LOOPBACK)) or die "bind: $!";
  listen($listener, 1024) or die "listen: $!";
  my $to = getsockname($listener);
  my @all;
  for my $i (1 .. $pairs) {
    my $peer = int($i / 10);
    my $from = pack("C4", 127, 16 + $number, $peer >> 8, 1 + ($peer & 255) % 254);
    socket(my $client, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($client, sockaddr_in(10_000 + $i, $from)) or die "bind: $!";
    connect($client, $to) or die "connect: $!";
    accept(my $accepted, $listener) or die "accept: $!";
    push @all, $client, $accepted;
  }
  print "ready\\n";
  <STDIN>;
`

export interface Crowd extends AsyncDisposable {
  readonly socketCount: number
}

/** Answers once all `socketCount` sockets stand (rounded up to pairs). Throws when they cannot be made. */
export async function openCrowd(socketCount: number): Promise<Crowd> {
  const limit = Number(/Max open files\s+\d+\s+(\d+)/.exec(await Bun.file("/proc/self/limits").text())?.[1])
  const each = Math.min(limit - SPARE_DESCRIPTORS, 40_000) // 127.x.y.z:10,000 to 30,000
  const count = Math.ceil(socketCount / each)
  const pairs = Math.ceil(socketCount / count / 2)
  const holders = Array.from({ length: count }, (_, number) =>
    Bun.spawn(["sh", "-c", 'ulimit -n "$(ulimit -Hn)" && exec perl -e "$0" "$@"', holder, `${number}`, `${pairs}`], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    }),
  )
  for (const { stdout } of holders) {
    const { done } = await stdout.getReader().read() // "ready"
    if (done) throw new Error("a process that should hold sockets ended")
  }
  return {
    socketCount: count * pairs * 2,
    async [Symbol.asyncDispose]() {
      for (const process of holders) process.kill("SIGKILL")
      await Promise.all(holders.map(({ exited }) => exited))
    },
  }
}
