/**
 * A host with a service, a peer that talks to it, and a container behind a published port: three network namespaces.
 *
 * Ours is the host; the others are those of processes that the test started, and go with them. Needs root, `ip`,
 * `unshare`, `nsenter`, `nft` and `perl`.
 */
import { Helper, holdNamespace } from "../support/helper.ts"

export const HOST = "10.9.0.1"
export const PEER = "10.9.0.2"
export const OTHER = "10.9.0.3"
export const HOST6 = "fd00:9::1"
/** The IPv6 address whose second word is the peer's IPv4 address where the header of IPv4 has its source. */
export const PEER6 = "fd00:9:a09:2::2"
export const PORT = 8080
export const PUBLISHED = 8081
const CONTAINER = "172.30.0.2"

/** Answers one line for each line it is told; see `Peer`. */
const peerProgram = `
  use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 AF_INET6);
  use Errno qw(EINPROGRESS EAGAIN);
  use Fcntl;
  $| = 1;
  my @held;
  # Who is blocked is told by silence; who is not may be slow on a busy machine.
  our $wait = 0.7;
  sub address { my ($text, $port) = @_;
    return $text =~ /:/ ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $text)) : pack_sockaddr_in($port, inet_aton($text)) }
  sub open_one { my ($from, $to, $port, $type) = @_;
    socket(my $s, $to =~ /:/ ? AF_INET6 : PF_INET, $type, 0) or return "socket: $!";
    bind($s, address($from, 0)) or return "bind: $!";
    fcntl($s, F_SETFL, O_NONBLOCK);
    return $s if connect($s, address($to, $port));
    return "connect: $!" unless $! == EINPROGRESS;
    my $bits = ""; vec($bits, fileno($s), 1) = 1;
    return "timeout" unless select(undef, $bits, undef, $wait);
    $! = unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR));
    return $! ? "connect: $!" : $s }
  print "ready\\n";
  while (my $line = <STDIN>) {
    my ($word, @rest) = split(" ", $line);
    if ($word eq "try") { my $s = open_one(@rest, SOCK_STREAM); print ref($s) ? "ok\\n" : "$s\\n"; }
    if ($word eq "open") { local $wait = 5; my $n = shift @rest; my $problem = "";
      for (1 .. $n) { my $s = open_one(@rest, SOCK_STREAM); if (ref($s)) { push @held, $s } else { $problem = $s; last } }
      print scalar(@held), " $problem\\n"; }
    if ($word eq "alive") { my $n = 0;
      for my $s (@held) { my $r = sysread($s, my $b, 1); $n++ if defined($r) ? $r > 0 : $! == EAGAIN }
      print "$n\\n"; }
    if ($word eq "close") { @held = (); print "closed\\n"; }
    if ($word eq "udp") { my $s = open_one(@rest, SOCK_DGRAM); send($s, "x", 0); push @held, $s; print "sent\\n"; }
  }
`

/** Accepts and holds for as long as it listens; when that is taken from it, it ends and says why. */
const serverProgram = `
  use Socket qw(:DEFAULT AF_INET6 pack_sockaddr_in6 IPPROTO_IPV6 IPV6_V6ONLY);
  $| = 1;
  my $port = shift @ARGV;
  socket(my $l, AF_INET6, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($l, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  bind($l, pack_sockaddr_in6($port, "\\0" x 16)) or die "bind: $!";
  listen($l, 4096) or die "listen: $!";
  print "ready\\n";
  my @held;
  while (1) { if (accept(my $c, $l)) { push @held, $c } elsif ($! != 103 && $! != 4) { die "accept: $!" } }
`

/** The descriptors that 3,000 connections need at each end. */
const MANY = "ulimit -n $(ulimit -Hn);"

const inside = (pid: number) => ["nsenter", `--net=/proc/${pid}/ns/net`]
const perl = (program: string, ...args: string[]) => ["sh", "-c", `${MANY} exec perl -e "$@"`, "sh", program, ...args]

export interface TwoHosts {
  readonly peer: {
    /** "ok", or why it did not connect within 0.7 s. */
    try(from: string, to: string, port: number): Promise<string>
    /** Opens connections and holds them; answers how many are held now. */
    open(count: number, from: string, to: string, port: number): Promise<number>
    /** Opens or closes without waiting for the answer, which `answer` takes. */
    tell(line: string): void
    answer(): Promise<string>
    /** How many of those held have not been reset. */
    alive(): Promise<number>
    close(): Promise<void>
    udp(from: string, to: string, port: number): Promise<void>
  }
  /** A process of the peer's namespace, and one of the container's. */
  readonly peerPid: number
  readonly containerPid: number
  close(): Promise<void>
}

export async function openTwoHosts(): Promise<TwoHosts> {
  const helpers: Helper[] = []
  const kept = (helper: Helper) => {
    helpers.push(helper)
    return helper
  }
  const start = async (command: readonly string[]) => kept(await Helper.start(command))
  const peerSpace = kept(await holdNamespace())
  const containerSpace = kept(await holdNamespace())
  shell(`
    ip link set lo up
    for left in v0 c0; do ip link del $left 2> /dev/null || true; done
    nft delete table ip published 2> /dev/null || true
    ip link add v0 type veth peer name v1 netns ${peerSpace.pid}
    ip addr add ${HOST}/24 dev v0
    ip -6 addr add ${HOST6}/32 dev v0 nodad
    ip link set v0 up
    ip link add c0 type veth peer name c1 netns ${containerSpace.pid}
    ip addr add 172.30.0.1/24 dev c0
    ip link set c0 up
    echo 1 > /proc/sys/net/ipv4/ip_forward
    nft 'table ip published {
      chain prerouting { type nat hook prerouting priority -100; tcp dport ${PUBLISHED} dnat to ${CONTAINER}:80; }
    }'
  `)
  shell(
    `ip link set lo up; ip addr add ${PEER}/24 dev v1; ip addr add ${OTHER}/24 dev v1
     ip -6 addr add ${PEER6}/32 dev v1 nodad; ip link set v1 up`,
    inside(peerSpace.pid),
  )
  shell(
    `ip link set lo up; ip addr add ${CONTAINER}/24 dev c1; ip link set c1 up; ip route add default via 172.30.0.1`,
    inside(containerSpace.pid),
  )
  await start(perl(serverProgram, String(PORT)))
  await start([...inside(containerSpace.pid), ...perl(serverProgram, "80")])
  const peer = await start([...inside(peerSpace.pid), ...perl(peerProgram)])
  return {
    peer: {
      try: (from, to, port) => peer.ask(`try ${from} ${to} ${port}`),
      async open(count, from, to, port) {
        const [held = "", ...problem] = (await peer.ask(`open ${count} ${from} ${to} ${port}`)).split(" ")
        if (problem.join(" ").trim() !== "") throw new Error(`the peer could not open: ${problem.join(" ")}`)
        return Number(held)
      },
      tell: (line) => peer.tell(line),
      answer: () => peer.line(),
      alive: async () => Number(await peer.ask("alive")),
      async close() {
        await peer.ask("close")
      },
      async udp(from, to, port) {
        await peer.ask(`udp ${from} ${to} ${port}`)
      },
    },
    peerPid: peerSpace.pid,
    containerPid: containerSpace.pid,
    async close() {
      for (const helper of helpers.reverse()) await helper.end()
    },
  }
}

export function shell(script: string, before: readonly string[] = []): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...before, "sh", "-ec", script])
  if (exitCode !== 0) throw new Error(`${script}: ${stderr.toString()}`)
  return stdout.toString()
}
