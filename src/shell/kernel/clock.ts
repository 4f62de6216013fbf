/** The clock that ages are told by. */
import { bootClockMs } from "../../../ffi/libc.ts"

/**
 * Milliseconds since the host was started. Not the wall clock, which is set while we run; nor the runtime's own, which
 * stands still while a laptop or a virtual machine sleeps: what was seen before is old afterwards.
 */
export const sinceBootMs = (): number => bootClockMs()
