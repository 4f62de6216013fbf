/**
 * Runs a program of the system: from a fixed list of places, with arguments and never a shell line, in the C locale,
 * within a time, and with a bound on what it may say.
 */
import { accessSync, constants } from "node:fs"
import type { NamespacePlace } from "../../../ffi/namespace.ts"

/** root may have been given a PATH by somebody else, so it is not asked. */
const FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"] as const
const DEADLINE_MS = 3_000
const OUTPUT_MAX = 4 << 20

/** The absolute path of a program; undefined when it is in none of the folders. */
export function findProgram(name: string, folders: readonly string[] = FOLDERS): string | undefined {
  return folders
    .map((folder) => `${folder}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** A program that could not do what it was asked: which, and what it said. */
export class ToolError extends Error {
  override readonly name = "ToolError"
  constructor(
    readonly operation: string,
    readonly answer: string,
  ) {
    super(`cannot ${operation}: ${answer}`)
  }
}

export interface ToolAsk {
  /** What an operator would call it: `list blocks`. */
  readonly operation: string
  readonly program: string
  /** Where it is looked for, when it is none of the system's own. */
  readonly folders?: readonly string[]
  readonly args: readonly string[]
  readonly input?: string
  /** Runs it inside a network namespace. */
  readonly namespace?: NamespacePlace
  readonly deadlineMs?: number
}

export interface ToolAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Throws `ToolError` when it is not installed, takes too long or says too much; an exit code is for the caller to judge. */
export async function runTool(ask: ToolAsk): Promise<ToolAnswer> {
  const { operation, program, folders = FOLDERS, input, namespace, deadlineMs = DEADLINE_MS } = ask
  const path = findProgram(program, folders)
  if (path === undefined)
    throw new ToolError(operation, `${program} is not installed (looked in ${folders.join(", ")})`)
  const nsenter = namespace === undefined ? undefined : findProgram("nsenter")
  if (namespace !== undefined && nsenter === undefined)
    throw new ToolError(operation, "nsenter is not installed, and without it no program enters another namespace")
  const command = [...(namespace === undefined ? [] : [nsenter!, `--net=${namespace.path}`, "--"]), path, ...ask.args]
  const child = Bun.spawn(command, {
    cwd: "/",
    env: { LC_ALL: "C", PATH: FOLDERS.join(":") },
    stdin: input === undefined ? "ignore" : new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill("SIGKILL")
  }, deadlineMs)
  try {
    const [stdout, stderr, exitCode] = await Promise.all([take(child.stdout), take(child.stderr), child.exited])
    if (isLate) throw new ToolError(operation, `${program} did not answer within ${deadlineMs / 1000} s`)
    if (stdout === undefined || stderr === undefined)
      throw new ToolError(operation, `${program} said more than ${OUTPUT_MAX} bytes`)
    return { exitCode, stdout, stderr }
  } finally {
    clearTimeout(timer)
    child.kill("SIGKILL")
  }
}

/** All of it, or nothing when it is more than the bound; the rest is read and thrown away, so that the child can end. */
async function take(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ""
  let length = 0
  for await (const part of stream) {
    length += part.length
    if (length <= OUTPUT_MAX) text += decoder.decode(part, { stream: true })
  }
  return length <= OUTPUT_MAX ? text : undefined
}

/** The first line of what it said, for an error's sentence. */
export const firstLine = ({ stderr, stdout, exitCode }: ToolAnswer): string =>
  (stderr.trim() || stdout.trim()).split("\n")[0]?.slice(0, 200) || `exit code ${exitCode}`
