/**
 * The guardian of blocks by iptables: a process of its own that lifts them when their time is over, even if the program
 * that made them was killed, and that ends with the last of them.
 *
 * There is one in each network namespace. It inherits nothing of whoever started it: no terminal, no output, no folder.
 */
import { mkdirSync, rmSync, statSync } from "node:fs"
import net from "node:net"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { nextExpiry } from "../../core/mitigation/block.ts"
import { liftExpired, listIptablesBlocks } from "./iptables.ts"
import { findProgram } from "./run.ts"

/** Not for operators: the argument that makes this program a guardian. */
export const GUARDIAN_WORD = "--guard-blocks"

/** Blocks are looked at again at least this often: somebody may have given one more time, or less. */
const LOOK_EVERY_MS = 2_000
const RETRY_MS = 250
const FOLDER = "/run/holyf-network"

/** Starts a guardian for the namespace, unless it has one: then the new one ends by itself. */
export function startGuardian(namespace?: NamespacePlace): void {
  const isCompiled = Bun.main.startsWith("/$bunfs/")
  const enter = namespace === undefined ? [] : [findProgram("nsenter") ?? "nsenter", `--net=${namespace.path}`, "--"]
  const child = Bun.spawn([...enter, process.execPath, ...(isCompiled ? [] : [Bun.main]), GUARDIAN_WORD], {
    cwd: "/",
    env: { LC_ALL: "C", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  })
  child.unref()
}

/** What the guardian does, until no block is left. */
export async function guardBlocks(): Promise<void> {
  let watch = await takeWatch()
  if (watch === "taken") return
  for (;;) {
    // What cannot be read now is tried again: giving up would leave blocks for ever.
    const blocks = await attempt(async () => {
      await liftExpired(Date.now())
      return listIptablesBlocks()
    })
    if (blocks === undefined) {
      await Bun.sleep(LOOK_EVERY_MS)
      continue
    }
    const next = nextExpiry(blocks)
    if (next !== undefined) {
      await Bun.sleep(Math.min(LOOK_EVERY_MS, Math.max(RETRY_MS, next - Date.now())))
      continue
    }
    // Whoever made a block since and found the watch taken counts on us, so it is given up before the last look.
    watch.end()
    const late = await attempt(listIptablesBlocks)
    if (late?.length === 0) return
    const again = await takeWatch()
    if (again === "taken") return
    watch = again
  }
}

async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch {
    return undefined
  }
}

interface Watch {
  end(): void
}

/** One guardian holds a socket in a folder of root's; one that was killed left a socket that nobody answers. */
async function takeWatch(): Promise<Watch | "taken"> {
  const nobody: Watch = { end() {} }
  let path: string
  try {
    mkdirSync(FOLDER, { mode: 0o700, recursive: true })
    const { uid, mode } = statSync(FOLDER)
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return nobody
    path = `${FOLDER}/guardian-${statSync("/proc/self/ns/net").ino}.sock`
  } catch {
    // Without the folder there may be two guardians, which do no harm.
    return nobody
  }
  if (await answers(path)) return "taken"
  try {
    rmSync(path, { force: true })
    const server = net.createServer((socket) => socket.destroy())
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(path, resolve)
    })
    return {
      end() {
        server.close()
        rmSync(path, { force: true })
      },
    }
  } catch {
    return (await answers(path)) ? "taken" : nobody
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
