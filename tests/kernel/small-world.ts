/**
 * A small world of TCP sockets, one of each kind, made inside a throwaway network namespace.
 *
 * It needs the namespace for itself, root, `ip` and `ss`.
 */
import net from "node:net"
import { openSocket, sendTo } from "../../ffi/libc.ts"
import { alloc } from "../../ffi/memory.ts"

/** Bytes of the one long transfer. */
export const TRANSFERRED = 1_234_567

/** Addresses of the namespace: ours, one that never answers, one that never finishes a handshake. */
const OWN = "10.9.9.1"
const SILENT = "10.9.9.2"
const HALF_OPEN = "10.9.9.3"

const setup = `
  ip link set lo up
  ip link add v0 type veth peer name v1
  ip addr add ${OWN}/24 dev v0
  ip -6 addr add fe80::1/64 dev v0 nodad
  ip link set v0 up
  ip link set v1 up
  ip neigh add ${SILENT} lladdr 02:00:00:00:00:02 dev v0
  ip neigh add ${HALF_OPEN} lladdr 02:00:00:00:00:03 dev v0
`

export interface SmallWorld {
  /** Sends `bytes` from client to server; done when the kernel has the acknowledgement of every byte. */
  transfer(bytes: number): Promise<void>
  /** The long-lived IPv4 connection that `transfer` uses. */
  readonly client: { readonly localPort: number; readonly remotePort: number }
  /** What could not be made here, and why. */
  readonly missing: readonly string[]
  /** Ends the programs that were started; the sockets end with this process. */
  close(): void
}

export async function openSmallWorld(): Promise<SmallWorld> {
  shell(setup)
  const missing: string[] = []
  const programs: { kill(): void }[] = []
  const v4 = await listen({ host: "127.0.0.1", port: 8001 })
  const dual = await listen({ host: "::", port: 8003 })
  const onlyV6 = await listen({ host: "::", port: 8004, ipv6Only: true })
  const anyV4 = await listen({ host: "0.0.0.0", port: 8005 })

  const long = await connect(v4, "127.0.0.1")
  let received = 0
  long.accepted.on("data", (chunk: Buffer) => {
    received += chunk.length
  })
  const transfer = async (bytes: number) => {
    const goal = received + bytes
    long.client.write(Buffer.alloc(bytes))
    await until("the transfer", () => received === goal)
  }
  await transfer(TRANSFERRED)

  await connect(dual, "127.0.0.1") // mapped on the server's side
  await connect(dual, "::1")
  await connect(dual, "fe80::1%v0")
  await connect(onlyV6, "::1")

  const halfClosed = await connect(anyV4, "127.0.0.1")
  halfClosed.client.end() // FIN_WAIT2 and CLOSE_WAIT

  const unread = await connect(anyV4, OWN)
  unread.client.write(Buffer.alloc(8_000_000)) // both queues fill

  const closed = await connect(anyV4, "127.0.0.1")
  closed.client.end()
  closed.accepted.end() // TIME_WAIT
  closed.accepted.resume()
  closed.client.resume()

  net.connect({ host: SILENT, port: 9 }).on("error", () => {}) // SYN_SENT
  sendSyn({ from: HALF_OPEN, fromPort: 40_000, to: OWN, toPort: 8005 }) // SYN_RECV

  if (Bun.which("iperf3") === null) missing.push("a listener bound to a device: iperf3 is not installed")
  else {
    const command = ["iperf3", "-s", "-B", "127.0.0.1%lo", "-p", "8006"]
    programs.push(Bun.spawn(command, { stdout: "ignore", stderr: "ignore" }))
    await until("the bound listener", () => ss("-tlnH sport = :8006") !== "")
    const peer = net.connect({ host: "127.0.0.1", port: 8006 })
    await new Promise((resolve) => peer.once("connect", resolve))
  }

  for (const state of ["syn-sent", "syn-recv", "fin-wait-2", "close-wait", "time-wait"])
    await until(state, () => ss(`-tanH state ${state}`) !== "")
  return {
    transfer,
    client: { localPort: long.client.localPort!, remotePort: long.client.remotePort! },
    missing,
    close: () => programs.forEach((program) => void program.kill()),
  }
}

interface Server {
  readonly port: number
  /** The next connection that is accepted. */
  next(): Promise<net.Socket>
}

async function listen(options: net.ListenOptions & { port: number }): Promise<Server> {
  const waiting: ((socket: net.Socket) => void)[] = []
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {})
    waiting.shift()?.(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options, resolve)
  })
  return { port: options.port, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

async function connect(server: Server, host: string): Promise<{ client: net.Socket; accepted: net.Socket }> {
  const next = server.next()
  const client = net.connect({ host, port: server.port, allowHalfOpen: true })
  client.on("error", () => {})
  await new Promise((resolve) => client.once("connect", resolve))
  return { client, accepted: await next }
}

/** What `ss` says, without the paths of control groups, which belong to the machine. */
export const ss = (args: string): string => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["ss", ...args.split(" ")])
  if (exitCode !== 0) throw new Error(`ss ${args}: ${stderr}`)
  return stdout
    .toString()
    .replace(/ cgroup:\S*/g, "")
    .replace(/[ \t]+$/gm, "")
}

export function shell(script: string): void {
  const { stderr, exitCode } = Bun.spawnSync(["sh", "-ec", script])
  if (exitCode !== 0) throw new Error(`cannot build the small world: ${stderr}`)
}

/** Asks again until it holds; fails after five seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within 5 s`)
    await Bun.sleep(10)
  }
}

const AF_INET = 2
const SOCK_RAW = 3
const IPPROTO_RAW = 255

/** One TCP SYN with a made-up sender, written by hand (RFC 791, RFC 9293). The answer finds nobody. */
function sendSyn(syn: { from: string; fromPort: number; to: string; toPort: number }): void {
  const source = syn.from.split(".").map(Number)
  const target = syn.to.split(".").map(Number)
  const segment = alloc(20)
  const view = new DataView(segment.buffer)
  view.setUint16(0, syn.fromPort)
  view.setUint16(2, syn.toPort)
  view.setUint32(4, 1)
  view.setUint16(12, 0x5002) // five words of header, SYN
  view.setUint16(14, 0xffff)
  view.setUint16(16, checksum([...source, ...target, 0, 6, 0, segment.length, ...segment]))
  const packet = alloc(40)
  packet.set([0x45, 0, 0, packet.length, 0, 1, 0, 0, 64, 6, 0, 0, ...source, ...target])
  packet.set(segment, 20)
  const sockaddr = alloc(16)
  sockaddr.set([AF_INET, 0, 0, 0, ...target])
  sendTo(openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW), packet, sockaddr)
}

function checksum(bytes: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
