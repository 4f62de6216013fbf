/**
 * /proc/PID/stat: which process this is (fs/proc/array.c, do_task_stat).
 *
 * The second field is the name in brackets, and a process names itself: spaces, brackets, line ends and broken UTF-8
 * may all stand in it. Every later field is a number or one letter, so the last `)` of the file ends the name.
 */

export interface ProcessStat {
  readonly pid: number
  /** As the process calls itself, not to be trusted; bytes that are no UTF-8 are shown as U+FFFD. */
  readonly name: string
  readonly parentPid: number
  /** Clock ticks since boot: with the pid it names one process for ever. */
  readonly startTime: number
  /** Dead, perhaps not yet reaped: it holds no descriptors. */
  readonly hasEnded: boolean
}

const OPENING_BRACKET = 40
const CLOSING_BRACKET = 41

// Fields as proc_pid_stat(5) counts them, from 1; the first one after the name is 3.
const AFTER_NAME = 3
const STATE = 3
const PARENT = 4
const THREADS = 20
const START_TIME = 22

/** Reads the first `length` bytes, or answers nothing when they are not what the kernel prints. */
export function parseProcessStat(bytes: Uint8Array, length = bytes.length): ProcessStat | undefined {
  const text = bytes.subarray(0, length)
  const open = text.indexOf(OPENING_BRACKET)
  const close = text.lastIndexOf(CLOSING_BRACKET)
  if (open < 0 || close < open) return undefined
  const fields = decoder
    .decode(text.subarray(close + 1))
    .trim()
    .split(" ")
  const numberOf = (field: number) => decimal(fields[field - AFTER_NAME])
  const pid = decimal(decoder.decode(text.subarray(0, open)).trim())
  const parentPid = numberOf(PARENT)
  const threads = numberOf(THREADS)
  const startTime = numberOf(START_TIME)
  const state = fields[STATE - AFTER_NAME] ?? ""
  if (pid === undefined || parentPid === undefined || threads === undefined || startTime === undefined) return undefined
  return {
    pid,
    name: decoder.decode(text.subarray(open + 1, close)),
    parentPid,
    startTime,
    // Z zombie, X dead. A zombie with threads is a program whose first thread ended early: it lives.
    hasEnded: /^[ZXx]$/.test(state) && threads <= 1,
  }
}

// A name may begin with the bytes of a byte order mark: they are part of it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const decimal = (text: string | undefined) => (text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined)
