/** /proc/PID/status: what a process is allowed (fs/proc/array.c, task_cap). */

// linux/capability.h
const CAP_SYS_PTRACE = 19

/** Whether it may read other users' processes, as far as the kernel lets anybody. False where the line is missing. */
export function hasTraceCapability(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1]
  return effective !== undefined && ((BigInt(`0x${effective}`) >> BigInt(CAP_SYS_PTRACE)) & 1n) === 1n
}
