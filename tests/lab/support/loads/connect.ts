import { closeFd } from "../../../../ffi/libc.ts"
import { bindTo, connectTo, EINPROGRESS, resetOnClose, sockaddr, tcpSocket } from "../libc.ts"
import { pace } from "./pace.ts"

/**
 * Opens connections at a steady rate, to one port or to one port after the other, and keeps or ends them.
 *
 * They are ended a tick later, whether they were established or not. Answers at once, unless `isWhole`: then when all of
 * them were opened.
 */
export async function connect(options: {
  readonly to: string
  readonly port: number
  /** How many ports, from `port` on. */
  readonly ports?: number
  /** Source addresses, one after the other. */
  readonly from?: readonly string[]
  readonly perSecond: number
  readonly seconds?: number
  readonly count?: number
  readonly ending: "keep" | "close" | "reset"
  readonly keepMs?: number
  readonly isWhole?: boolean
}): Promise<void> {
  const { to, port, ports = 1, from = [], perSecond, seconds = 60, count, ending, keepMs = 10, isWhole } = options
  const targets = Array.from({ length: ports }, (_, i) => sockaddr(to, port + i))
  const open: { readonly fd: number; readonly at: number }[] = []
  const end = (fd: number) => {
    if (ending === "reset") resetOnClose(fd)
    closeFd(fd)
  }
  const work = pace(
    { perSecond, seconds, ...(count === undefined ? {} : { count }) },
    (number) => {
      const fd = tcpSocket(to)
      const source = from[number % from.length]
      if (source !== undefined) bindTo(fd, source, 0)
      const errno = connectTo(fd, targets[number % targets.length]!)
      if (errno !== 0 && errno !== EINPROGRESS) closeFd(fd)
      else if (ending !== "keep") open.push({ fd, at: performance.now() })
    },
    () => {
      const before = performance.now() - keepMs
      while (open[0] !== undefined && open[0].at <= before) end(open.shift()!.fd)
    },
  ).then(async () => {
    if (ending === "keep") return
    await Bun.sleep(keepMs)
    for (const { fd } of open.splice(0)) end(fd)
  })
  if (isWhole === true) await work
  // The kept connections live as long as the program does.
  setInterval(() => {}, 60_000)
}
