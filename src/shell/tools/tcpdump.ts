/**
 * tcpdump: the one program that traces need.
 *
 * It is started by absolute path through our own hidden mode, with an argument list, a clean environment and a group of
 * its own; it writes packets into a pipe and never a file. It ends at its packet limit, at our deadline, when it is
 * stopped, or with us.
 */
import { accessSync, constants, readFileSync } from "node:fs"
import { installHint } from "../../core/proc/os-release.ts"
import type { Direction } from "../../core/trace/filter.ts"
import type { TraceStatus } from "../../core/trace/history.ts"
import { isListening, readCounters, readReason, type TcpdumpCounters } from "../../core/trace/tcpdump-text.ts"
import { worldFailure } from "../failure.ts"
import { EXEC_TCPDUMP, type ExecOrder, TCPDUMP_PATHS } from "../kernel/exec-tcpdump.ts"

/** How long it may take until it listens: a loaded host, a cold disk. */
const START_MS = 10_000
/** After an interrupt it writes its counters and ends; longer than this it is killed. */
const STOP_MS = 1_500
/** Seconds beyond its own that it is given by the kernel: to begin, and to end. */
const LATEST_S = Math.ceil((START_MS + STOP_MS) / 1000)
const CHECK_MS = 5_000
const PROGRESS_MS = 1_000
const ERRORS_MAX = 16_384
/** Kilobytes that the kernel keeps for us while we are not reading. */
const BUFFER_KB = 8_192

/** The words that start this very program again. */
export const ownCommand = (): readonly string[] =>
  Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, Bun.main]

/** The path of tcpdump. Throws a `Failure` that names the package. */
export function findTcpdump(paths: readonly string[] = TCPDUMP_PATHS, osReleaseFile = "/etc/os-release"): string {
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found !== undefined) return found
  let osRelease = ""
  try {
    osRelease = readFileSync(osReleaseFile, "utf8")
  } catch {
    // Then the hint names no command.
  }
  throw worldFailure(`cannot trace: tcpdump is not on this host; ${installHint(osRelease, "tcpdump")}`)
}

// linux/capability.h
const CAP_NET_RAW = 13

/** Throws a `Failure` when packets cannot be captured by whoever runs us. */
export function requireCapturePermission(status = readFileSync("/proc/self/status", "utf8")): void {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`)
  if ((effective >> BigInt(CAP_NET_RAW)) % 2n === 1n) return
  throw worldFailure("cannot trace: capturing packets needs CAP_NET_RAW. Run with sudo.")
}

export interface CaptureOrder {
  readonly program: string
  readonly interfaceName: string
  readonly filter: string
  readonly direction: Direction
  readonly seconds: number
  readonly packets: number
  readonly snapLength: number
  /** A file that leads to the network namespace to capture in. */
  readonly namespace?: string
}

export interface CaptureProgress extends TcpdumpCounters {
  readonly bytes: number
  /** Since it listens; absent before. */
  readonly elapsedMs?: number
}

export interface CaptureEnd extends TcpdumpCounters {
  readonly status: TraceStatus
  /** Why it failed. */
  readonly error?: string
  readonly startedAt: number
  readonly endedAt: number
}

export interface CaptureOptions {
  /** Pieces of a pcap file, in order. */
  readonly onBytes: (bytes: Uint8Array) => void
  readonly onProgress?: (progress: CaptureProgress) => void
  /** Called once, when packets begin to be seen. */
  readonly onListening?: () => void
  /** Stops it early; what was captured stays good. */
  readonly stop?: AbortSignal
  readonly command?: readonly string[]
}

export const captureArguments = (order: CaptureOrder): string[] => [
  "-i",
  order.interfaceName,
  "-nn",
  "-p",
  "-U",
  "--immediate-mode",
  "-B",
  `${BUFFER_KB}`,
  "-s",
  `${order.snapLength}`,
  "-c",
  `${order.packets}`,
  ...(order.direction === "any" ? [] : ["-Q", order.direction]),
  "-w",
  "-",
  "--",
  order.filter,
]

function start(order: Omit<ExecOrder, "parent">, command: readonly string[]) {
  return Bun.spawn([...command, EXEC_TCPDUMP, JSON.stringify({ ...order, parent: process.pid } satisfies ExecOrder)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    cwd: "/",
  })
}

/** Captures until the order is fulfilled. Never throws for what tcpdump says: that is in the end's `error`. */
export async function capture(order: CaptureOrder, options: CaptureOptions): Promise<CaptureEnd> {
  const { program, namespace } = order
  const child = start(
    {
      program,
      args: captureArguments(order),
      secondsMax: order.seconds + LATEST_S,
      ...(namespace === undefined ? {} : { namespace }),
    },
    options.command ?? ownCommand(),
  )
  const kill = () => child.kill("SIGKILL")
  process.once("exit", kill)
  let bytes = 0
  let errors = ""
  let listeningAt: number | undefined
  let startedAt = Date.now()
  let ending: "deadline" | "stopped" | "silent" | undefined

  let killTimer: ReturnType<typeof setTimeout> | undefined
  const end = (why: NonNullable<typeof ending>) => {
    if (ending !== undefined) return
    ending = why
    child.kill("SIGINT")
    killTimer = setTimeout(kill, STOP_MS)
  }
  let deadline = setTimeout(() => end("silent"), START_MS)
  const stop = () => end("stopped")
  options.stop?.addEventListener("abort", stop, { once: true })
  if (options.stop?.aborted === true) stop()

  const tell = () =>
    options.onProgress?.({
      bytes,
      ...readCounters(errors),
      ...(listeningAt === undefined ? {} : { elapsedMs: performance.now() - listeningAt }),
    })
  const ticker = setInterval(() => {
    // Asks for the counters. Before it listens the signal would end it.
    if (listeningAt !== undefined && ending === undefined) child.kill("SIGUSR1")
    tell()
  }, PROGRESS_MS)

  const listen = () => {
    if (listeningAt !== undefined || !isListening(errors)) return
    listeningAt = performance.now()
    startedAt = Date.now()
    clearTimeout(deadline)
    if (ending === undefined) deadline = setTimeout(() => end("deadline"), order.seconds * 1000)
    options.onListening?.()
  }
  const readErrors = async () => {
    const decoder = new TextDecoder()
    for await (const piece of child.stderr) {
      errors = (errors + decoder.decode(piece, { stream: true })).slice(-ERRORS_MAX)
      listen()
    }
  }
  const readPackets = async () => {
    for await (const piece of child.stdout) {
      bytes += piece.length
      options.onBytes(piece)
    }
  }
  try {
    await Promise.all([readErrors(), readPackets(), child.exited])
  } finally {
    kill()
    clearTimeout(deadline)
    clearTimeout(killTimer)
    clearInterval(ticker)
    options.stop?.removeEventListener("abort", stop)
    process.off("exit", kill)
  }
  const counters = readCounters(errors)
  const times = { startedAt, endedAt: Date.now() }
  if (ending === "stopped") return { status: "aborted", ...counters, ...times }
  if (ending === "deadline") return { status: "completed-timeout", ...counters, ...times }
  if (ending === "silent")
    return { status: "failed", error: `tcpdump did not begin to capture within ${START_MS / 1000} s`, ...times }
  if (child.exitCode === 0) return { status: "completed", ...counters, ...times }
  const reason = readReason(errors) || `tcpdump ended with ${child.signalCode ?? `code ${child.exitCode}`}`
  return { status: "failed", error: reason, ...counters, ...times }
}

/** Why tcpdump does not take this filter; `undefined` when it does. */
export async function checkFilter(
  program: string,
  filter: string,
  command: readonly string[] = ownCommand(),
): Promise<string | undefined> {
  const child = start({ program, args: ["-d", "--", filter], secondsMax: CHECK_MS / 1000 + 1 }, command)
  const timer = setTimeout(() => child.kill("SIGKILL"), CHECK_MS)
  try {
    const [errors] = await Promise.all([new Response(child.stderr).text(), new Response(child.stdout).text()])
    if ((await child.exited) === 0) return undefined
    if (child.signalCode !== null) return `tcpdump did not answer within ${CHECK_MS / 1000} s`
    return (
      readReason(errors.slice(0, ERRORS_MAX)).replace(
        /^(can't parse filter expression|syntax error in filter expression): /,
        "",
      ) || "tcpdump refuses it"
    )
  } finally {
    clearTimeout(timer)
  }
}
