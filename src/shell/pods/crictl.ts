/**
 * What the container engine calls a container and its pod, by `crictl`. It only adds names: a node may be without it, and
 * an engine may hang just when somebody looks.
 */
import { statSync } from "node:fs"
import {
  type InspectedContainer,
  type InspectedPod,
  parseInspectedContainer,
  parseInspectedPod,
} from "../../core/pods/crictl-text.ts"
import { findProgram, firstLine, runTool, ToolError } from "../tools/run.ts"

/** Where packages, release archives and distributions of Kubernetes put it. */
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/bin", "/var/lib/rancher/rke2/bin"] as const
/** An engine answers in some milliseconds, or is in trouble. */
const DEADLINE_MS = 2_000
/** More containers of one port are not asked about. */
const ASKED_MAX = 16

export interface Inspected {
  readonly container: InspectedContainer
  readonly pod?: InspectedPod
}

/** The questions of one lookup. The first failure is the last question. */
export class Crictl {
  private readonly folders: readonly string[]
  private askedCount = 0
  /** Why names may be missing, when something went wrong. */
  problem: string | undefined

  constructor(folders: readonly string[] = FOLDERS) {
    // Run as root, it must be nobody else's to change.
    this.folders = folders.filter((folder) => isTrusted(`${folder}/crictl`))
  }

  get isInstalled(): boolean {
    return findProgram("crictl", this.folders) !== undefined
  }

  /** Nothing where it is not installed, does not know the container, or has failed before. */
  async inspect(id: string): Promise<Inspected | undefined> {
    if (this.problem !== undefined || !this.isInstalled) return undefined
    if (this.askedCount++ >= ASKED_MAX) {
      this.problem = `only the first ${ASKED_MAX} containers were asked about`
      return undefined
    }
    const container = parse(await this.ask("inspect", id), parseInspectedContainer)
    if (container === undefined) return undefined
    const { sandboxId } = container
    const pod = sandboxId === undefined ? undefined : parse(await this.ask("inspectp", sandboxId), parseInspectedPod)
    return { container, ...(pod === undefined ? {} : { pod }) }
  }

  private async ask(what: "inspect" | "inspectp", id: string): Promise<string | undefined> {
    // An id came from outside: it must be no flag.
    if (this.problem !== undefined || !/^[0-9a-f]{12,64}$/.test(id)) return undefined
    try {
      const operation = "ask the container engine"
      const ask = { operation, program: "crictl", folders: this.folders, deadlineMs: DEADLINE_MS }
      const answer = await runTool({ ...ask, args: [what, "-o", "json", id] })
      if (answer.exitCode === 0) return answer.stdout
      // Of a container that is not the engine's (or went away) nothing is known; that is no trouble.
      if (!/not ?found|no such|does not exist/i.test(answer.stderr))
        this.problem = new ToolError(operation, `crictl: ${firstLine(answer)}`).message
    } catch (error) {
      if (!(error instanceof ToolError)) throw error
      this.problem = error.message
    }
    return undefined
  }
}

const parse = <T>(text: string | undefined, read: (text: string) => T | undefined): T | undefined =>
  text === undefined ? undefined : read(text)

const GROUP_OR_OTHERS_WRITE = 0o022

function isTrusted(path: string): boolean {
  try {
    const { uid, mode } = statSync(path)
    const ours = process.getuid?.() ?? 0
    return (uid === 0 || uid === ours) && (mode & GROUP_OR_OTHERS_WRITE) === 0
  } catch {
    return false
  }
}
