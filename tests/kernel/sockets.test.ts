import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { addressText, createSocketTable, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { formatEndpoint } from "../../src/core/wire/address.ts"
import { AF_INET, IPPROTO_TCP, NETLINK_SOCK_DIAG, tcpStates, writeSocketDump } from "../../src/core/wire/inet-diag.ts"
import { NLM_F_REQUEST, writeRequest } from "../../src/core/wire/message.ts"
import { Conversation, KernelError } from "../../src/shell/kernel/netlink.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { describeInNamespace } from "./namespace.ts"
import { openSmallWorld, type SmallWorld, ss, TRANSFERRED, until } from "./small-world.ts"

describeInNamespace("sockets", import.meta.path, () => {
  let world: SmallWorld
  beforeAll(async () => {
    world = await openSmallWorld()
  }, 20_000)
  afterAll(() => world?.close())

  test("lists what ss lists: state, local and remote end", async () => {
    const table = createSocketTable(1)
    const listing = await listSockets(table)
    expect(listing).toEqual({ skipped: 0, interrupted: false })
    const seen = ss("-tanH")
      .trimEnd()
      .split("\n")
      .map((line) => bySs(line))
    expect(
      rows(table)
        .map(({ text }) => text)
        .sort(),
    ).toEqual(seen.sort())
    const states = new Set<string>(rows(table).map(({ state }) => state))
    for (const state of ["LISTEN", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT2", "CLOSE_WAIT", "TIME_WAIT"])
      expect(states).toContain(state)
  })

  test("counts every byte that was sent and not one more", async () => {
    const sent = async () => {
      const table = createSocketTable()
      await listSockets(table)
      const { localPort, remotePort } = world.client
      const client = rows(table).find((row) => row.localPort === localPort && row.remotePort === remotePort)!
      const server = rows(table).find((row) => row.localPort === remotePort && row.remotePort === localPort)!
      return [table.bytesAcked[client.row]!, table.bytesReceived[server.row]!] as const
    }
    // The opening side also has its SYN acknowledged, which counts as one byte (RFC 9293, 3.4).
    const SYN = 1
    let last = await sent()
    await until("the acknowledgement", async () => {
      last = await sent()
      return last[0] >= TRANSFERRED + SYN
    })
    expect(last).toEqual([TRANSFERRED + SYN, TRANSFERRED])
    await world.transfer(7_654_321)
    await until("the acknowledgement", async () => {
      last = await sent()
      return last[0] >= TRANSFERRED + 7_654_321 + SYN
    })
    expect(last).toEqual([TRANSFERRED + 7_654_321 + SYN, TRANSFERRED + 7_654_321])
  })

  test("a table is reused: the second look replaces the first", async () => {
    const table = createSocketTable(1)
    await listSockets(table)
    const first = table.length
    await listSockets(table)
    expect(table.length).toBe(first)
  })

  test("leaves no descriptor open", async () => {
    const open = () => [...new Bun.Glob("*").scanSync({ cwd: "/proc/self/fd", onlyFiles: false })].length
    await listSockets(createSocketTable())
    const before = open()
    for (let i = 0; i < 20; i++) await listSockets(createSocketTable(64))
    expect(open()).toBe(before)
  })
})

// Nothing here changes anything or needs a privilege: it runs on the host's own kernel.
describe("a conversation with the kernel", () => {
  const dump = (conversation: Conversation, write: (sequence: number) => Uint8Array) =>
    conversation
      .dump("list sockets", write, () => {})
      .then(
        () => "done",
        (error: unknown) => error,
      )

  test("a refusal names the operation and the errno", async () => {
    using conversation = Conversation.open(NETLINK_SOCK_DIAG)
    const unknownProtocol = await dump(conversation, (sequence) =>
      writeSocketDump({ family: AF_INET, protocol: 200, sequence }),
    )
    expect(unknownProtocol).toBeInstanceOf(KernelError)
    expect(unknownProtocol).toMatchObject({
      operation: "list sockets",
      answer: "ENOENT",
      message: "cannot list sockets: ENOENT",
    })
    const unknownFamily = await dump(conversation, (sequence) =>
      writeSocketDump({ family: 99, protocol: IPPROTO_TCP, sequence }),
    )
    expect(unknownFamily).toMatchObject({ name: "KernelError", answer: "EINVAL" })
    // The conversation goes on after a refusal.
    expect(
      await dump(conversation, (sequence) => writeSocketDump({ family: AF_INET, protocol: IPPROTO_TCP, sequence })),
    ).toBe("done")
  })

  test("an unknown netlink family is a KernelError too", () => {
    expect(() => Conversation.open(31)).toThrow(new KernelError("open a netlink socket", "EPROTONOSUPPORT"))
  })

  test("silence ends at the deadline", async () => {
    const NOOP = 1 // without NLM_F_ACK the kernel has nothing to say to it
    using conversation = Conversation.open(NETLINK_SOCK_DIAG, 50)
    const start = performance.now()
    const answer = await dump(conversation, (sequence) =>
      writeRequest({ type: NOOP, flags: NLM_F_REQUEST, sequence, body: new Uint8Array(0) }),
    )
    expect(answer).toMatchObject({ name: "KernelError", message: "cannot list sockets: no answer within 0.05 s" })
    expect(performance.now() - start).toBeGreaterThanOrEqual(45)
  })

  test("a deadline that would mean for ever is refused", () => {
    for (const deadlineMs of [0, 0.5, -1, Number.NaN])
      expect(() => Conversation.open(NETLINK_SOCK_DIAG, deadlineMs)).toThrow(RangeError)
  })
})

function rows(table: SocketTable) {
  return Array.from({ length: table.length }, (_, row) => {
    const state = tcpStates[table.state[row] as keyof typeof tcpStates]
    const [localPort, remotePort] = [table.localPort[row]!, table.remotePort[row]!]
    const local = formatEndpoint(addressText(table.localAddress, row), localPort)
    const remote = formatEndpoint(addressText(table.remoteAddress, row), remotePort)
    return { row, state, localPort, remotePort, text: `${state} ${local} ${remote}` }
  })
}

const ssStates: Readonly<Record<string, string>> = {
  ESTAB: "ESTABLISHED",
  "FIN-WAIT-1": "FIN_WAIT1",
  "FIN-WAIT-2": "FIN_WAIT2",
}

/** One line of `ss -tanH` in our spelling: `*` stands for all addresses or no port, a device follows behind `%`. */
function bySs(line: string): string {
  const [state = "", , , local = "", remote = ""] = line.split(/\s+/)
  const endpoint = (text: string) => {
    const plain = text.replace(/%\w+/, "").replace(/:\*$/, ":0")
    const mapped = /^\[::ffff:([\d.]+)\]/.exec(plain)
    return mapped ? plain.replace(mapped[0], mapped[1]!) : plain.replace(/^\*/, "[::]")
  }
  return `${ssStates[state] ?? state.replaceAll("-", "_")} ${endpoint(local)} ${endpoint(remote)}`
}
