/**
 * Listens for TCP sockets that close, in every network namespace, between looks.
 *
 * The kernel tells such events only to listeners of the socket's own namespace, and an open listener keeps a namespace
 * alive: each lets go within a second after its namespace has neither a name nor a process. What an event is worth is
 * decided in core/sample; here it is only received.
 */
import { ENOBUFS, SystemError } from "../../../ffi/libc.ts"
import { alloc } from "../../../ffi/memory.ts"
import { NetlinkSocket } from "../../../ffi/netlink-socket.ts"
import { parseTcpTurnover } from "../../core/proc/tcp-turnover.ts"
import { deafNote, gapNote, sheddingNote } from "../../core/sample/closed-notes.ts"
import { appendClosing } from "../../core/sample/closing-event.ts"
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import type { Note } from "../../core/sample/sample.ts"
import {
  estimateEnds,
  judgeShedding,
  type Shedding,
  startListening,
  type TcpTurnover,
} from "../../core/sample/shedding.ts"
import { createSocketTable, type SocketTable } from "../../core/sample/socket-table.ts"
import { NETLINK_SOCK_DIAG } from "../../core/wire/inet-diag.ts"
import { datagram, readDatagram } from "../../core/wire/message.ts"
import { asKernelError } from "./netlink.ts"
import { namespaceIdAt, readTextIn } from "./network-namespaces.ts"

// linux/sock_diag.h, enum sknetlink_groups
const SKNLGRP_INET_TCP_DESTROY = 1
const SKNLGRP_INET6_TCP_DESTROY = 3

/** Room for about 6,000 events: more than a second at 5,000 closes a second. Taken only while they wait. */
const BUFFER_BYTES = 8 * 2 ** 20
/** How often waiting events are taken. */
const DRAIN_MS = 200
/** How often each namespace is asked whether it is still there. */
const ALIVE_MS = 400
/** How often the rate of closes is judged. */
const JUDGE_MS = 1_000
/** More events than this between two looks are not kept: they become a gap. */
const EVENTS_MAX = 131_072
/** A flood must not hold the program up: the rest waits for the next round. */
const DATAGRAMS_A_ROUND = 16_384
/** While not listening the rate is estimated from at most so many namespaces. */
const ESTIMATED_MAX = 256

/** An event answers no request. */
const UNASKED = { sequence: 0, portId: 0 }

export interface ClosingsWatchOptions {
  readonly monotonicMs: () => number
  /** A file that leads to the namespace now; `undefined`: it has neither a name nor a process. */
  readonly pathOf: (namespaceId: number) => string | undefined
  readonly bufferBytes?: number
}

/** What came since the last `take`. */
export interface Closings {
  /** The events, each a row with `source` closed. Good until the next `take`. */
  readonly table: SocketTable
  /** How often the kernel dropped events since our buffer was full, or we since ours was. */
  readonly gaps: number
  readonly notes: readonly Note[]
  /** By index of the namespace: the listener was open all the time since the last `take`. */
  readonly isHeard: (namespace: number) => boolean
}

interface Listener {
  readonly index: number
  readonly namespace: NetworkNamespace
  readonly socket: NetlinkSocket
  path: string | undefined
  gaps: number
  wasOpenAtTake: boolean
}

export class ClosingsWatch {
  private readonly buffer = datagram(alloc(65_536))
  private readonly listeners = new Map<number, Listener>()
  private readonly deaf = new Map<number, Note>()
  private tables: [SocketTable, SocketTable] = [createSocketTable(256), createSocketTable(256)]
  private namespaces: readonly (NetworkNamespace | undefined)[] = []
  private shedding: Shedding = startListening
  private turnovers = new Map<number, TcpTurnover>()
  private endsTotal = 0
  private missedCount = 0
  private broken = 0
  private gaps: Note[] = []
  private gapCount = 0
  private aliveAtMs = 0
  private judgedAtMs = 0
  private readonly timer: ReturnType<typeof setInterval>

  constructor(private readonly options: ClosingsWatchOptions) {
    this.timer = setInterval(() => this.drain(), DRAIN_MS)
    this.timer.unref()
  }

  /** Listens in exactly these namespaces from now on; the index of each goes into its rows. */
  open(namespaces: readonly (NetworkNamespace | undefined)[]): void {
    this.namespaces = namespaces
    for (const listener of this.listeners.values())
      if (namespaces[listener.index]?.id !== listener.namespace.id) this.letGo(listener)
    for (const index of this.deaf.keys()) if (namespaces[index] === undefined) this.deaf.delete(index)
    if (!this.shedding.isListening) return
    for (const [index, namespace] of namespaces.entries())
      if (namespace !== undefined && !this.listeners.has(index)) this.listen(index, namespace)
  }

  /** Takes what waits, lets go of namespaces that are gone, and judges the rate. Its own timer calls it. */
  drain(): void {
    const nowMs = this.options.monotonicMs()
    this.receiveAll()
    if (nowMs - this.aliveAtMs >= ALIVE_MS) {
      this.aliveAtMs = nowMs
      for (const listener of this.listeners.values()) if (!this.isAlive(listener)) this.letGo(listener)
    }
    if (nowMs - this.judgedAtMs >= JUDGE_MS) {
      this.judgedAtMs = nowMs
      this.judge(nowMs)
    }
  }

  /** Hands over what came since the last time. Call it before the dump of the look that will be settled with it. */
  take(): Closings {
    this.receiveAll()
    const table = this.tables[0]
    this.tables.reverse()
    this.tables[0].length = 0
    const heard = new Set<number>()
    for (const listener of this.listeners.values()) {
      if (listener.wasOpenAtTake) heard.add(listener.index)
      listener.wasOpenAtTake = true
      this.noteGaps(listener)
    }
    const closings = { table, gaps: this.gapCount, notes: this.notes(), isHeard: (index: number) => heard.has(index) }
    this.gaps = []
    this.gapCount = 0
    this.missedCount = 0
    this.broken = 0
    return closings
  }

  close(): void {
    clearInterval(this.timer)
    for (const listener of this.listeners.values()) this.letGo(listener)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private receiveAll(): void {
    for (const listener of this.listeners.values()) this.receiveFrom(listener)
  }

  private listen(index: number, namespace: NetworkNamespace): void {
    const { path, id, name } = namespace
    try {
      const socket = asKernelError(`follow closing connections in ${name}`, () =>
        NetlinkSocket.listen({
          protocol: NETLINK_SOCK_DIAG,
          groups: [SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY],
          bufferBytes: this.options.bufferBytes ?? BUFFER_BYTES,
          ...(path === undefined ? {} : { namespace: { path, inode: id } }),
        }),
      )
      this.listeners.set(index, { index, namespace, socket, path, gaps: 0, wasOpenAtTake: false })
      this.deaf.delete(index)
    } catch (error) {
      this.deaf.set(index, deafNote(error instanceof Error ? error.message : String(error)))
    }
  }

  private receiveFrom(listener: Listener): void {
    const table = this.tables[0]
    const arrivedMs = this.options.monotonicMs()
    const { index, socket } = listener
    const visit = (at: number, end: number) => {
      this.endsTotal++
      if (table.length >= EVENTS_MAX) listener.gaps++
      else if (appendClosing(table, { data: this.buffer, at, end }, index, arrivedMs) === "broken") this.broken++
    }
    for (let round = 0; round < DATAGRAMS_A_ROUND; round++) {
      try {
        const length = socket.receiveNow(this.buffer.bytes)
        if (length < 0) return
        if (readDatagram(this.buffer, Math.min(length, this.buffer.bytes.length), UNASKED, visit).kind === "broken")
          this.broken++
      } catch (error) {
        if (!(error instanceof SystemError)) throw error
        if (error.errno !== ENOBUFS) {
          this.letGo(listener)
          this.deaf.set(
            index,
            deafNote(`cannot follow closing connections in ${listener.namespace.name}: ${error.message}`),
          )
          return
        }
        listener.gaps++
      }
    }
  }

  private isAlive(listener: Listener): boolean {
    const { id } = listener.namespace
    if (listener.path === undefined || namespaceIdAt(listener.path) === id) return true
    listener.path = this.options.pathOf(id)
    return listener.path !== undefined
  }

  private letGo(listener: Listener): void {
    this.noteGaps(listener)
    listener.socket.close()
    this.listeners.delete(listener.index)
  }

  private noteGaps(listener: Listener): void {
    if (listener.gaps > 0) this.gaps.push(gapNote(listener.gaps, listener.namespace.name))
    this.gapCount += listener.gaps
    listener.gaps = 0
  }

  private judge(nowMs: number): void {
    const was = this.shedding
    if (!was.isListening) this.estimate()
    this.shedding = judgeShedding(was, { atMs: nowMs, total: this.endsTotal })
    if (was.isListening === this.shedding.isListening) return
    if (this.shedding.isListening) {
      this.open(this.namespaces)
      return
    }
    for (const listener of this.listeners.values()) this.letGo(listener)
    this.turnovers.clear()
    this.estimate()
  }

  /** Adds what the counters say has ended since the last estimate. A namespace that cannot be read adds nothing. */
  private estimate(): void {
    for (const namespace of this.namespaces.slice(0, ESTIMATED_MAX)) {
      if (namespace === undefined) continue
      const now = readTurnover(namespace)
      if (now === undefined) continue
      const before = this.turnovers.get(namespace.id)
      this.turnovers.set(namespace.id, now)
      const ends = before === undefined ? 0 : estimateEnds(before, now)
      this.endsTotal += ends
      this.missedCount += ends
    }
  }

  private notes(): readonly Note[] {
    const [firstDeaf] = this.deaf.values()
    return [
      ...this.gaps,
      ...(firstDeaf === undefined ? [] : [firstDeaf]),
      ...(this.deaf.size > 1 ? [{ source: "closings", text: `and in ${this.deaf.size - 1} more namespaces` }] : []),
      ...(this.broken > 0 ? [{ source: "closings", text: `${this.broken} events could not be read` }] : []),
      ...(this.shedding.isListening ? [] : [sheddingNote(this.shedding.closesPerSecond, this.missedCount)]),
    ]
  }
}

function readTurnover(namespace: NetworkNamespace): TcpTurnover | undefined {
  try {
    return parseTcpTurnover(readTextIn(namespace, "/proc/thread-self/net/snmp"))
  } catch {
    // It went between two looks, or may not be entered: the rate is then that of the others.
    return undefined
  }
}
