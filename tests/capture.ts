/**
 * Makes fixtures from the running kernel: `bun run capture sockets small-world`.
 *
 * Each capture is made in a throwaway network namespace and written as NAME.bin (see captures.ts) with NAME.md beside
 * it, which says which kernel, how, and what the system's own tools showed at that instant. Needs root.
 */
import { readlinkSync } from "node:fs"
import { errnoName } from "../ffi/libc.ts"
import { alloc } from "../ffi/memory.ts"
import { NetlinkSocket } from "../ffi/netlink-socket.ts"
import { concat, writeAttribute } from "../src/core/wire/codec.ts"
import { NETLINK_NETFILTER, writeFlowDump } from "../src/core/wire/conntrack.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP, NETLINK_SOCK_DIAG, writeSocketDump } from "../src/core/wire/inet-diag.ts"
import { datagram, NLM_F_ACK, NLM_F_REQUEST, readDatagram, writeRequest } from "../src/core/wire/message.ts"
import { enableAccounting } from "../src/shell/kernel/conntrack.ts"
import { CLIENT, CONTAINER, HOST, openNatWorld, PUBLISHED, shell } from "./kernel/nat-world.ts"
import { openSmallWorld, ss, TRANSFERRED } from "./kernel/small-world.ts"
import { capturePath, writeCapture } from "./support/captures.ts"

interface Capture {
  readonly datagrams: readonly Uint8Array[]
  readonly how: string
  readonly explanation: string
}

const NETLINK_ROUTE = 0
const RTM_DELADDR = 21
const IFA_LOCAL = 2

const kinds: Readonly<Record<string, () => Promise<Capture>>> = {
  /** One socket of each kind: IPv4, then IPv6. */
  async sockets() {
    const { missing } = await openSmallWorld()
    const { before, datagrams, details } = await whileUnchanged(() => ({
      before: ss("-tanH"),
      datagrams: [AF_INET, AF_INET6].flatMap(
        (family) =>
          converse(NETLINK_SOCK_DIAG, writeSocketDump({ family, protocol: IPPROTO_TCP, sequence: family })).datagrams,
      ),
      details: ss("-tinmeaH"),
    }))
    return {
      datagrams,
      how: [
        `tests/kernel/small-world.ts, one transfer of ${TRANSFERRED} bytes; an IPv4 dump, then an IPv6 dump.`,
        ...missing.map((reason) => `Without ${reason}.`),
      ].join(" "),
      explanation: `ss -tanH\n\n${before}\nss -tinmeaH (without cgroup paths)\n\n${details}`,
    }
  },

  /** Translated flows of TCP and UDP, both families, with accounting and times; one that has closed, and two pings. */
  async conntrack() {
    const world = await openNatWorld()
    world.translate()
    enableAccounting()
    shell("echo 1 > /proc/sys/net/netfilter/nf_conntrack_timestamp")
    const outside = (address: string, port = 80) => ({ address, port })
    await world.send("client", "tcp", outside(HOST.outside, PUBLISHED), 5_000)
    await world.send("client", "udp", outside(HOST.outside, PUBLISHED), 5_000)
    await world.send("client", "tcp", outside(HOST.outside6, PUBLISHED), 5_000)
    await world.send("container", "tcp", outside(CLIENT.v4), 7_000)
    await world.send("container", "udp", outside(CLIENT.v6), 7_000)
    await world.send("host", "tcp", outside(CLIENT.v6), 3_000)
    await world.send("host", "udp", outside(CLIENT.v4), 3_000)
    await (await world.send("client", "tcp", outside(CONTAINER.v4), 9_000)).close()
    shell(`ping -c 1 ${CLIENT.v4}; ping -c 1 ${CLIENT.v6}`)
    const { datagrams } = converse(NETLINK_NETFILTER, writeFlowDump({ sequence: 1 }))
    const explanation = shell("conntrack -L -o id,extended 2>/dev/null")
    world.close()
    return { datagrams, how: "tests/kernel/nat-world.ts; a dump of everything.", explanation }
  },

  /** The ways the kernel says no: one datagram each. */
  async refusals() {
    const noSuchAddress = concat([
      new Uint8Array([AF_INET, 32, 0, 0, 1, 0, 0, 0]),
      writeAttribute(IFA_LOCAL, new Uint8Array([10, 0, 0, 1])),
    ])
    const asked = [
      {
        what: "dump the sockets of protocol 200",
        socket: NETLINK_SOCK_DIAG,
        request: writeSocketDump({ family: AF_INET, protocol: 200, sequence: 1 }),
      },
      {
        what: "dump the sockets of family 99",
        socket: NETLINK_SOCK_DIAG,
        request: writeSocketDump({ family: 99, protocol: IPPROTO_TCP, sequence: 2 }),
      },
      {
        what: "delete the address 10.0.0.1 from lo, where it is not",
        socket: NETLINK_ROUTE,
        request: writeRequest({
          type: RTM_DELADDR,
          flags: NLM_F_REQUEST | NLM_F_ACK,
          sequence: 3,
          body: noSuchAddress,
        }),
      },
    ]
    const answers = asked.map(({ what, socket, request }) => ({ what, ...converse(socket, request) }))
    return {
      datagrams: answers.flatMap(({ datagrams }) => datagrams),
      how: "Three requests that cannot succeed, in this order.",
      explanation: answers.map(({ what, end }) => `${what}: ${end}`).join("\n"),
    }
  },
}

/** Looks again until what `ss` shows before and after a look is the same: then the look saw that too. */
async function whileUnchanged<T extends { before: string }>(look: () => T): Promise<T> {
  for (let tries = 0; tries < 50; tries++) {
    const seen = look()
    if (ss("-tanH") === seen.before) return seen
    await Bun.sleep(100)
  }
  throw new Error("the sockets never stood still during a capture")
}

/** Sends one request and keeps every datagram up to the end of the answer. */
function converse(protocol: number, request: Uint8Array): { datagrams: Uint8Array[]; end: string } {
  using socket = NetlinkSocket.open(protocol, 2_000)
  const buffer = datagram(alloc(65_536))
  const expected = { sequence: new DataView(request.buffer).getUint32(8, true), portId: socket.portId }
  const datagrams: Uint8Array[] = []
  socket.send(request)
  for (;;) {
    const length = socket.receive(buffer.bytes)
    if (length < 0) throw new Error("no answer")
    datagrams.push(buffer.bytes.slice(0, length))
    const progress = readDatagram(buffer, length, expected, () => {})
    if (progress.kind === "more") continue
    const end = progress.kind === "refused" ? `${errnoName(progress.errno)} "${progress.text}"` : progress.kind
    return { datagrams, end }
  }
}

const note = (what: string, name: string, { how, explanation }: Capture) => `# ${name}

Made by \`bun run capture ${what} ${name}\` on Linux ${/^[\d.]+\d/.exec(kernelRelease())?.[0]}, ${process.arch}.
${how}

\`\`\`
${explanation.trimEnd()}
\`\`\`
`

const kernelRelease = () => Bun.spawnSync(["uname", "-r"]).stdout.toString()

const INSIDE = "HOLYF_CAPTURE_OUTER_NETNS"
const namespace = readlinkSync("/proc/self/ns/net")
const [what = "", name = ""] = process.argv.slice(2)
const make = kinds[what]
if (make === undefined || !/^[a-z0-9-]+$/.test(name)) {
  console.error(`usage: bun run capture ${Object.keys(kinds).join("|")} NAME`)
  process.exit(2)
}
if (process.env[INSIDE] === undefined || process.env[INSIDE] === namespace) {
  const command = [
    "unshare",
    "--net",
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
    process.execPath,
    import.meta.path,
    what,
    name,
  ]
  const { exitCode } = Bun.spawnSync(command, {
    env: { ...process.env, [INSIDE]: namespace },
    stdio: ["ignore", "inherit", "inherit"],
  })
  process.exit(exitCode)
}
const capture = await make()
await Bun.write(capturePath(name, "bin"), writeCapture(capture.datagrams))
await Bun.write(capturePath(name, "md"), note(what, name, capture))
console.log(`${capturePath(name, "bin")}: ${capture.datagrams.length} datagrams`)
process.exit(0)
