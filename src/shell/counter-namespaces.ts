/**
 * Network namespaces by a process that lives in each: enough to read their counters, since /proc/PID/net shows the
 * namespace of that process.
 */
import { readdirSync, readlinkSync, statSync } from "node:fs"

export interface CounterNamespace {
  /** Keeps its number for as long as the namespace is there; 0 is our own. */
  readonly index: number
  readonly name: string
  /** The folder that stands for /proc inside it. */
  readonly proc: string
}

/** Processes are asked again after this long; in between the known ones are believed. */
const LIST_EVERY_MS = 10_000
const NAMESPACES_MAX = 256

export class CounterNamespaces {
  private listedAt = Number.NEGATIVE_INFINITY
  private known: readonly CounterNamespace[] = []
  private readonly numbers = new Map<string, number>()

  constructor(
    private readonly root = "/proc",
    private readonly boundFolder = "/run/netns",
  ) {}

  /** Our own first. Without root, only those of our own processes are seen. */
  look(monotonicMs: number): readonly CounterNamespace[] {
    if (monotonicMs - this.listedAt >= LIST_EVERY_MS) {
      this.known = this.list()
      this.listedAt = monotonicMs
    }
    return this.known
  }

  private list(): readonly CounterNamespace[] {
    const own = this.idOf("thread-self") ?? this.idOf("self")
    const host: CounterNamespace = { index: 0, name: "host", proc: this.root }
    const found = new Map<string, string>()
    for (const pid of this.pids()) {
      const id = this.idOf(pid)
      if (id === undefined || id === own || found.has(id) || found.size >= NAMESPACES_MAX) continue
      found.set(id, pid)
    }
    const names = this.boundNames()
    const others = [...found].map(([id, pid]): CounterNamespace => {
      const index = this.numbers.get(id) ?? this.numbers.size + 1
      this.numbers.set(id, index)
      return { index, name: names.get(id) ?? `pid ${pid}`, proc: `${this.root}/${pid}` }
    })
    return [host, ...others]
  }

  private pids(): readonly string[] {
    try {
      return readdirSync(this.root).filter((name) => /^\d+$/.test(name))
    } catch {
      return []
    }
  }

  /** `net:[4026531840]` of a process. */
  private idOf(pid: string): string | undefined {
    try {
      return readlinkSync(`${this.root}/${pid}/ns/net`)
    } catch {
      return undefined
    }
  }

  /** Names that `ip netns add` gave. */
  private boundNames(): ReadonlyMap<string, string> {
    try {
      return new Map(
        readdirSync(this.boundFolder).map((name) => [`net:[${statSync(`${this.boundFolder}/${name}`).ino}]`, name]),
      )
    } catch {
      return new Map()
    }
  }
}
