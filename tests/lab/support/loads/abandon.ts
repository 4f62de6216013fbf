import { closeFd } from "../../../../ffi/libc.ts"
import { alloc } from "../../../../ffi/memory.ts"
import { connectTo, EINPROGRESS, sendBytes, sockaddr, tcpSocket } from "../libc.ts"

const ESTABLISH_MS = 200

/** Fills the queues of `count` connections and closes them: what is left belongs to no program, only to the kernel. */
export async function abandon(options: { readonly to: string; readonly port: number; readonly count: number }) {
  const { to, port, count } = options
  const target = sockaddr(to, port)
  const bytes = alloc(65_536)
  const sockets = Array.from({ length: count }, () => {
    const fd = tcpSocket(to, { options: { sendBuffer: 16_384 } })
    const errno = connectTo(fd, target)
    if (errno !== 0 && errno !== EINPROGRESS) throw new Error(`connect to ${to}:${port}: errno ${errno}`)
    return fd
  })
  for (let turn = 0; turn < 5; turn++) {
    await Bun.sleep(ESTABLISH_MS)
    for (const fd of sockets) while (sendBytes(fd, bytes) > 0);
  }
  for (const fd of sockets) closeFd(fd)
  setInterval(() => {}, 60_000)
}
