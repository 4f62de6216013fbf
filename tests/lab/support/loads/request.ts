import { pace } from "./pace.ts"

/**
 * A client that works: it connects, asks, reads the whole answer and closes when the server does. `perSecond` of them, and
 * all of `count` at once when `isBurst`.
 */
export async function request(options: {
  readonly to: string
  readonly port: number
  readonly count: number
  readonly perSecond: number
  readonly seconds?: number
  readonly isBurst?: boolean
  readonly isWhole?: boolean
}): Promise<void> {
  const { to, port, count, perSecond, seconds = 60, isBurst, isWhole } = options
  const ask = () =>
    void Bun.connect({
      hostname: to,
      port,
      socket: {
        open: (socket) => void socket.write("GET\n"),
        data() {},
        end: (socket) => void socket.end(),
        error() {},
      },
    }).catch(() => {})
  setInterval(() => {}, 60_000)
  if (isBurst === true) {
    for (let i = 0; i < count; i++) ask()
    return
  }
  const work = pace({ perSecond, seconds, count }, ask)
  if (isWhole === true) await work
}
