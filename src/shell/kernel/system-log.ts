/** One line for the system's log: the datagram socket of syslog or journald. */
import { closeFd, openSocket, SystemError, sendTo } from "../../../ffi/libc.ts"
import { alloc } from "../../../ffi/memory.ts"

// linux/un.h, bits/socket_type.h, syslog.h
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const LOG_AUTHPRIV = 10 << 3
const LOG_NOTICE = 5
const SUN_PATH_MAX = 108
const LINE_MAX = 1_024

/** Sends `line` under our name. False when nobody takes it: there is no log, or it is full. Never waits. */
export function writeSystemLog(line: string, path = "/dev/log"): boolean {
  const name = new TextEncoder().encode(path)
  if (name.length >= SUN_PATH_MAX) return false
  const sockaddr = alloc(2 + name.length + 1)
  sockaddr[0] = AF_UNIX
  sockaddr.set(name, 2)
  const text = `<${LOG_AUTHPRIV | LOG_NOTICE}>holyf-network[${process.pid}]: ${line}`.slice(0, LINE_MAX)
  const bytes = new TextEncoder().encode(text)
  const message = alloc(bytes.length)
  message.set(bytes)
  let fd: number | undefined
  try {
    fd = openSocket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)
    sendTo(fd, message, sockaddr)
    return true
  } catch (error) {
    if (error instanceof SystemError) return false
    throw error
  } finally {
    if (fd !== undefined) closeFd(fd)
  }
}
