import { alloc } from "../../../../ffi/memory.ts"
import { bindTo, receiveBytes, udpSocket } from "../libc.ts"

/** A datagram socket that is bound; `reads` says whether anybody reads it. */
export function holdDatagrams(options: {
  readonly port: number
  readonly reads: boolean
  readonly receiveBuffer?: number
}): void {
  const { port, reads, receiveBuffer } = options
  const fd = udpSocket("0.0.0.0", { options: receiveBuffer === undefined ? {} : { receiveBuffer } })
  bindTo(fd, "0.0.0.0", port)
  const into = alloc(65_536)
  setInterval(() => {
    while (reads && receiveBytes(fd, into) >= 0);
  }, 5)
}
