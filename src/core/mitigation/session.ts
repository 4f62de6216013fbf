/**
 * Whether a connection that a forefather of this process holds is the operator's own session.
 *
 * Not every connection of a forefather is one: a program that starts us may serve clients of its own. A login server
 * is known by its name, by its port, or by what it does: it starts a process session for whoever logged in.
 */

/** A process between us and the first one; the nearest first. */
export interface Forefather {
  readonly pid: number
  /** As it calls itself. */
  readonly name: string
  /** The process session it belongs to (setsid(2)). */
  readonly sessionId: number
}

export interface HeldConnection {
  readonly holder: Forefather
  /** Who stands between the holder and us: its child, or ourselves. */
  readonly child: Forefather
  readonly localPort: number
  readonly isIncoming: boolean
  /** It is our own standard input or output. */
  readonly isStandardStream: boolean
}

const LOGIN_SERVERS =
  /^(sshd|dropbear|tinysshd|lshd|mosh-server|telnetd|in\.telnetd|utelnetd|rlogind|in\.rlogind|cockpit-|ttyd|wetty|gotty|shellinabox|teleport|tailscaled)/
const SSH_PORT = 22

export function isLoginSession({ holder, child, localPort, isIncoming, isStandardStream }: HeldConnection): boolean {
  if (isStandardStream || LOGIN_SERVERS.test(holder.name)) return true
  if (!isIncoming) return false
  return localPort === SSH_PORT || (child.sessionId === child.pid && child.sessionId !== holder.sessionId)
}

/** The client of SSH_CONNECTION (`client port server port`) or SSH_CLIENT (`client port port`). */
export const sshClient = (value: string | undefined): string | undefined => {
  const [client] = (value ?? "").trim().split(/\s+/)
  return client === undefined || client === "" ? undefined : client.replace(/%.*$/, "")
}
