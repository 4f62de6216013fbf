/** Which process a socket belongs to, and how sure we are. */

export interface Owner {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, clock ticks since boot: with the pid it names one process for ever. */
  readonly startTime: number
  /** As the process calls itself (comm, at most 15 bytes): text from outside, not to be trusted. */
  readonly name: string
  /** False when inferred: no process holds the socket (TIME_WAIT, SYN_RECV); one held it before, or listens for it. */
  readonly isSure: boolean
  /** How many processes were seen to hold this socket, 1 or more: the search ends when every socket has an owner. */
  readonly sharerCount: number
}
