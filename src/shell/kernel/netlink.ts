/**
 * One conversation with the kernel: send a request, take the answers that belong to it, turn a refusal into an error
 * an operator can read.
 */
import { EACCES, EAFNOSUPPORT, EPERM, errnoName, SystemError } from "../../../ffi/libc.ts"
import { alloc } from "../../../ffi/memory.ts"
import { type NamespacePlace, WrongNamespace } from "../../../ffi/namespace.ts"
import { NetlinkSocket } from "../../../ffi/netlink-socket.ts"
import { type Answer, type Datagram, datagram, readAnswers, readDatagram } from "../../core/wire/message.ts"

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
const DATAGRAMS_A_TURN = 10

/** How seccomp filters of containers and of services (RestrictAddressFamilies=) answer. */
const isForbidden = (errno: number) => errno === EAFNOSUPPORT || errno === EPERM || errno === EACCES
const explainRefusal = (errno: number) => (isForbidden(errno) ? "something around this program forbids AF_NETLINK" : "")

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Buffers of conversations that are over: a look has a dozen, one after the other. */
const spare: Datagram[] = []
const SPARE_MAX = 4

/** An open conversation with one netlink family. Close it, or declare it with `using`. */
export class Conversation {
  private sequence = 0
  private isOpen = true
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
      return new Conversation(socket, spare.pop() ?? datagram(alloc(BUFFER_SIZE)), deadlineMs)
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

  /**
   * Sends several requests as one datagram and gathers their acknowledgements, in the order of the requests; each must
   * ask for one (NLM_F_ACK). `write` gets the sequence number of each request by its place. An error that answers
   * anything else of the datagram (the frame of a batch) is thrown: then nothing was done. Throws `KernelError`.
   */
  exchange(
    operation: string,
    count: number,
    write: (sequenceOf: (place: number) => number) => Uint8Array,
  ): readonly Answer[] {
    const first = this.sequence + 1
    // One before and one after them, for the frame of a batch.
    this.sequence += count + 2
    const sequenceOf = (place: number) => first + 1 + place
    const answers = new Array<Answer | undefined>(count).fill(undefined)
    let missing = count
    let frame: Answer | undefined
    const take = (answer: Answer) => {
      const place = answer.sequence - first - 1
      if (answer.sequence < first || place > count) return
      if (place < 0 || place === count) {
        if (answer.errno !== 0) frame = answer
      } else if (answers[place] === undefined) {
        answers[place] = answer
        missing--
      }
    }
    const message = write(sequenceOf)
    asKernelError(operation, () => this.socket.send(message))
    while (missing > 0) {
      const length = asKernelError(operation, () => this.socket.receive(this.buffer.bytes))
      if (length < 0) throw new KernelError(operation, `no answer within ${this.deadlineMs / 1000} s`)
      const problem = readAnswers(this.buffer, Math.min(length, BUFFER_SIZE), this.socket.portId, take)
      if (problem !== undefined) throw new KernelError(operation, problem)
      if (frame !== undefined) throw new KernelError(operation, errnoName(frame.errno), frame.text)
    }
    return answers as readonly Answer[]
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.socket.close()
    if (spare.length < SPARE_MAX) spare.push(this.buffer)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
