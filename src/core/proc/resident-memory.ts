/**
 * Memory a process holds, from /proc/PID/status (fs/proc/task_mmu.c, task_mem).
 *
 * The same figure stands in /proc/PID/statm, in pages; here the unit is printed beside it, so the page size of the
 * machine (4, 16 or 64 KiB on arm64) need not be known.
 */

/** Bytes of `VmRSS:   22712 kB`, or nothing: kernel threads have none. */
export function parseResidentBytes(text: string): number | undefined {
  const kib = /^VmRSS:\s+(\d{1,15}) kB$/m.exec(text)?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}
