/** Words to the service manager (sd_notify(3)): ready, reloading, still alive. */
import { sendUnixDatagram } from "../../../ffi/unix-datagram.ts"

/** Nothing happens without a manager; one that does not listen is not our trouble. */
export function notifyManager(socket: string | undefined, message: string): void {
  if (socket === undefined || !/^[/@]/.test(socket)) return
  try {
    sendUnixDatagram(socket, message)
  } catch {
    // It went away, or its path is too long: the work goes on.
  }
}

/** Milliseconds between signs of life that the manager asks of process `pid`; absent when it asks for none. */
export function watchdogMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const asked = Number(env.WATCHDOG_USEC)
  if (!(asked > 0) || (env.WATCHDOG_PID !== undefined && env.WATCHDOG_PID !== String(pid))) return undefined
  return asked / 1000
}
