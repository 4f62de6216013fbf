/** A file of /proc as a network namespace shows it. */
import { closeSync, openSync, readSync } from "node:fs"
import { type NamespacePlace, openFileIn } from "../../../ffi/namespace.ts"

const BYTES_MAX = 1 << 20

/**
 * The text of `/proc/thread-self/net/…` or `/proc/sys/net/…` in a namespace, ours unless told; at most 1 MiB of it.
 * Undefined when it cannot be read: without IPv6 some are not there.
 */
export function readFileIn(namespace: NamespacePlace | undefined, path: string): string | undefined {
  try {
    const fd = namespace === undefined ? openSync(path, "r") : openFileIn(namespace, path)
    try {
      const parts: Buffer[] = []
      for (let total = 0; total < BYTES_MAX; ) {
        const part = Buffer.alloc(65_536)
        const length = readSync(fd, part)
        if (length === 0) break
        parts.push(part.subarray(0, length))
        total += length
      }
      return Buffer.concat(parts).toString("utf8")
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}
