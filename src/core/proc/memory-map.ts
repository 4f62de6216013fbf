/** Reads /proc/PID/smaps: what stands where in a process's memory (Linux Documentation/filesystems/proc.rst). */

export interface Mapping {
  readonly start: number
  /** One past the last byte. */
  readonly end: number
  readonly isWritable: boolean
  /** It shows a file, whose pages come back when they are touched. */
  readonly isFile: boolean
  readonly residentBytes: number
  /** Of those, pages that are the process's own: written, and nowhere else. */
  readonly ownBytes: number
}

// 00200000-01a39000 r--p 00000000 fe:00 5349944    /usr/bin/holyf-network
const HEAD = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-])[x-][ps] [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)/

/** A mapping of which a figure is missing is left out: nothing may be assumed about it. */
export function parseMemoryMap(text: string): Mapping[] {
  return text.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((part): Mapping[] => {
    const head = HEAD.exec(part)
    const residentBytes = bytesOf(part, "Rss")
    const ownBytes = bytesOf(part, "Anonymous")
    if (head === null || residentBytes === undefined || ownBytes === undefined) return []
    const [, start, end, access, inode] = head
    return [
      {
        start: Number.parseInt(start!, 16),
        end: Number.parseInt(end!, 16),
        isWritable: access!.endsWith("w"),
        isFile: Number(inode) !== 0,
        residentBytes,
        ownBytes,
      },
    ]
  })
}

function bytesOf(part: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, "m").exec(part)?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}
