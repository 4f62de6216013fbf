import { closeFd } from "../../../../ffi/libc.ts"
import { alloc, type Bytes } from "../../../../ffi/memory.ts"
import { connectTo, IP_PMTUDISC_PROBE, sendBytes, sendPacket, sockaddr, udpSocket } from "../libc.ts"
import { pace } from "./pace.ts"

/** Sends datagrams at a steady rate. What the kernel refuses is not sent again. */
export function datagrams(options: {
  /** One address after the other. */
  readonly to: readonly string[]
  readonly port: number
  readonly bytes: number
  readonly perSecond: number
  readonly seconds?: number
  /** One call hands over so many datagrams of `bytes`, and the kernel cuts them late. */
  readonly segments?: number
  /** A new socket, so a new source port, for each datagram, closed after so long. */
  readonly freshMs?: number
  /** Sets "do not fragment" and believes no router. */
  readonly isUncut?: boolean
  /** A DNS question instead of zeros. */
  readonly isQuestion?: boolean
}): void {
  const { to, port, bytes, perSecond, seconds = 60, segments = 1, freshMs, isUncut, isQuestion } = options
  const targets = to.map((address) => sockaddr(address, port))
  const payload = isQuestion === true ? question() : alloc(bytes * segments)
  const open = () =>
    udpSocket(to[0]!, {
      options: {
        ...(segments === 1 ? {} : { udpSegment: bytes }),
        ...(isUncut === true ? { ipMtuDiscover: IP_PMTUDISC_PROBE } : {}),
      },
    })
  const shared = freshMs === undefined ? open() : undefined
  void pace({ perSecond, seconds }, (number) => {
    const target = targets[number % targets.length]!
    if (shared !== undefined) return void sendPacket(shared, payload, target)
    // As a resolver does: the socket knows whom it asked.
    const fd = open()
    connectTo(fd, target)
    sendBytes(fd, payload)
    setTimeout(() => closeFd(fd), freshMs)
  })
  setInterval(() => {}, 60_000)
}

/** A query for the address of `service.example` (RFC 1035). */
function question(): Bytes {
  const labels = ["service", "example"].flatMap((label) => [label.length, ...Buffer.from(label)])
  const bytes = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]
  const out = alloc(bytes.length)
  out.set(bytes)
  return out
}
