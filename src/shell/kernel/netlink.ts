/**
 * One conversation with the kernel: send a request, take the answers that belong to it, turn a refusal into an error
 * an operator can read.
 */
import { EACCES, EAFNOSUPPORT, EPERM, errnoName, SystemError } from "../../../ffi/libc.ts"
import { alloc } from "../../../ffi/memory.ts"
import { type NamespacePlace, WrongNamespace } from "../../../ffi/namespace.ts"
import { NetlinkSocket } from "../../../ffi/netlink-socket.ts"
import { type Datagram, datagram, readDatagram } from "../../core/wire/message.ts"

/** The kernel, or the system under it, said no. */
export class KernelError extends Error {
  override readonly name = "KernelError"
  constructor(
    /** What was asked, such as `list TCP sockets`. */
    readonly operation: string,
    /** The errno's name, or a sentence where there is none. */
    readonly answer: string,
    text = "",
  ) {
    super(`cannot ${operation}: ${answer}${text === "" ? "" : ` (${text})`}`)
  }
}

/** Does `act`; what the system refuses becomes a `KernelError` of `operation`, with what `explain` says of the errno. */
export function asKernelError<T>(operation: string, act: () => T, explain = (_errno: number) => ""): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof SystemError) throw new KernelError(operation, errnoName(error.errno), explain(error.errno))
    if (error instanceof WrongNamespace) throw new KernelError(operation, error.message)
    throw error
  }
}

/** The kernel gives dumps in pieces of at most 32 KB, whatever the buffer; twice that is never cut. */
const BUFFER_SIZE = 65_536
/** A dump answers at once, since the kernel makes it inside our own call: silence means something is broken. */
const DEADLINE_MS = 2_000
/** After this many datagrams the event loop is handed back: 2 MB, about 5 ms of work. */
const DATAGRAMS_A_TURN = 64

/** How seccomp filters of containers and of services (RestrictAddressFamilies=) answer. */
const isForbidden = (errno: number) => errno === EAFNOSUPPORT || errno === EPERM || errno === EACCES
const explainRefusal = (errno: number) => (isForbidden(errno) ? "something around this program forbids AF_NETLINK" : "")

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** An open conversation with one netlink family. Close it, or declare it with `using`. */
export class Conversation {
  private sequence = 0
  private constructor(
    private readonly socket: NetlinkSocket,
    private readonly buffer: Datagram,
    private readonly deadlineMs: number,
  ) {}

  /**
   * A receive that gets nothing for `deadlineMs` ends the conversation with an error. With `namespace` the kernel answers
   * for that one: an open conversation keeps it alive, so close it soon. Throws `KernelError`.
   */
  static open(protocol: number, deadlineMs = DEADLINE_MS, namespace?: NamespacePlace): Conversation {
    const open = () => {
      const socket = NetlinkSocket.open(protocol, deadlineMs, namespace)
      return new Conversation(socket, datagram(alloc(BUFFER_SIZE)), deadlineMs)
    }
    // In another namespace it is entering it that is refused.
    return asKernelError("open a netlink socket", open, namespace === undefined ? explainRefusal : undefined)
  }

  /**
   * Sends what `write` makes and calls `onRow` for each answer until the kernel is done: *done* ends a dump; a request
   * for one thing must ask for an acknowledgement (NLM_F_ACK), which ends it. Between batches of datagrams the event
   * loop runs, so keys stay alive during a long dump. Answers whether the kernel marked the dump as interrupted by a
   * change (NLM_F_DUMP_INTR), and how long this thread was busy with it: the kernel makes a dump inside our own calls.
   * Throws `KernelError`.
   */
  async dump(
    operation: string,
    write: (sequence: number) => Uint8Array,
    onRow: (data: Datagram, at: number, end: number) => void,
  ): Promise<{ interrupted: boolean; busyMs: number }> {
    const sequence = ++this.sequence
    const expected = { sequence, portId: this.socket.portId }
    const visit = (at: number, end: number) => onRow(this.buffer, at, end)
    let interrupted = false
    let busyMs = 0
    let turnStart = performance.now()
    asKernelError(operation, () => this.socket.send(write(sequence)))
    for (let received = 1; ; received++) {
      const length = asKernelError(operation, () => this.socket.receive(this.buffer.bytes))
      if (length < 0) throw new KernelError(operation, `no answer within ${this.deadlineMs / 1000} s`)
      if (length > BUFFER_SIZE) throw new KernelError(operation, `an answer of ${length} bytes was cut`)
      const progress = readDatagram(this.buffer, length, expected, visit)
      if (progress.kind === "refused") throw new KernelError(operation, errnoName(progress.errno), progress.text)
      if (progress.kind === "broken") throw new KernelError(operation, progress.problem)
      interrupted ||= progress.interrupted
      if (progress.kind === "done") return { interrupted, busyMs: busyMs + performance.now() - turnStart }
      if (received % DATAGRAMS_A_TURN === 0) {
        busyMs += performance.now() - turnStart
        await turn()
        turnStart = performance.now()
      }
    }
  }

  close(): void {
    this.socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
