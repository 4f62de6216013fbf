/** What a process is allowed, and where: /proc/PID/status (fs/proc/array.c, task_cap) and /proc/PID/uid_map. */

// linux/capability.h
const CAP_SYS_PTRACE = 19

/** Whether it may read other users' processes, as far as the kernel lets anybody. False where the line is missing. */
export function hasTraceCapability(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1]
  return effective !== undefined && ((BigInt(`0x${effective}`) >> BigInt(CAP_SYS_PTRACE)) & 1n) === 1n
}

/**
 * Whether every user is its own: the map of the first user namespace (kernel/user_namespace.c). In others root with all
 * capabilities has none over processes outside.
 */
export const mapsEveryUser = (uidMap: string): boolean => /^\s*0\s+0\s+4294967295\s*$/.test(uidMap)
