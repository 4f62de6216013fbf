/**
 * The hidden mode in which our own program turns into tcpdump: `holyf-network --exec-tcpdump ORDER`.
 *
 * tcpdump gives up root by itself, and with that the kernel forgets that it should die with us. So this is done before:
 * into the network namespace, to tcpdump's own user with the right to raw sockets and nothing else, and then the signal,
 * which the exec keeps. Nobody outlives us, not even after SIGKILL.
 */
import { readFileSync } from "node:fs"
import {
  becomeUserWithRawSockets,
  dieWithParent,
  endAfter,
  enterNetworkNamespace,
  execute,
  leaveProcessGroup,
  parentPid,
} from "../../../ffi/exec.ts"
import { errnoName, SystemError } from "../../../ffi/libc.ts"
import { findUser } from "../../core/proc/password-file.ts"

export const EXEC_TCPDUMP = "--exec-tcpdump"

/** What the program that started us wants. */
export interface ExecOrder {
  /** An absolute path, one of `TCPDUMP_PATHS`. */
  readonly program: string
  readonly args: readonly string[]
  /** The process that wants it. */
  readonly parent: number
  /** It ends after so long whatever becomes of us: a program that is stopped keeps no deadline. */
  readonly secondsMax: number
  /** A file that leads to the network namespace to capture in. */
  readonly namespace?: string
}

/** Where distributions put it. Nothing else is run, whatever PATH says. */
export const TCPDUMP_PATHS = [
  "/usr/bin/tcpdump",
  "/usr/sbin/tcpdump",
  "/sbin/tcpdump",
  "/bin/tcpdump",
  "/usr/local/sbin/tcpdump",
  "/usr/local/bin/tcpdump",
  "/run/current-system/sw/bin/tcpdump",
] as const

/** Whom tcpdump would become by itself: `pcap` is Gentoo's name. */
const TCPDUMP_USERS = ["tcpdump", "pcap"] as const

const SIGKILL = 9
const CLEAN_ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } as const

/** Ends in tcpdump, or in one line on stderr and the exit code that is answered. */
export function execTcpdump(text: string): number {
  try {
    const order = JSON.parse(text) as ExecOrder
    if (!(TCPDUMP_PATHS as readonly string[]).includes(order.program))
      throw new Error(`${order.program} is not tcpdump`)
    leaveProcessGroup()
    if (order.namespace !== undefined) enterNetworkNamespace(order.namespace)
    const user = process.geteuid?.() === 0 ? tcpdumpUser() : undefined
    if (user !== undefined) becomeUserWithRawSockets(user)
    dieWithParent(SIGKILL)
    endAfter(order.secondsMax)
    // It may have ended before the signal was set: then nobody would ever send it.
    if (parentPid() !== order.parent) return 1
    return execute(order.program, order.args, CLEAN_ENVIRONMENT)
  } catch (error) {
    const reason = error instanceof SystemError ? `${error.call}: ${errnoName(error.errno)}` : (error as Error).message
    process.stderr.write(`cannot start tcpdump: ${reason.replace(/\s+/g, " ")}\n`)
    return 1
  }
}

function tcpdumpUser(): ReturnType<typeof findUser> {
  try {
    return findUser(readFileSync("/etc/passwd", "utf8"), TCPDUMP_USERS)
  } catch {
    return undefined
  }
}
