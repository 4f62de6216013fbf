/**
 * How long a search that found nothing is left alone, in looks.
 *
 * Some sockets cannot be found: other users' without root, the kernel's own, those of containers whose processes are
 * not listed. Looking through every process for them in every look would cost more than everything else together.
 */

/** A socket that nobody was found to hold is looked for again after at most this many looks. */
const SOCKET_PAUSE_LOOKS_MAX = 64
/** New sockets wait at most this many looks for a walk over unlikely processes. */
const WALK_PAUSE_LOOKS_MAX = 8

/**
 * Pauses double. They end at looks that divide evenly, not at a distance from the last search, so that sockets lost
 * at different times are looked for together, in one walk.
 */
const isDue = (failures: number, look: number, pauseMax: number): boolean =>
  look % Math.min(2 ** failures, pauseMax) === 0

/** Whether a socket that `misses` whole searches did not find is looked for in this look. */
export const isSocketDue = (misses: number, look: number): boolean => isDue(misses, look, SOCKET_PAUSE_LOOKS_MAX)

/** Whether the unlikely processes are asked in this look, after `barren` walks over them that found nothing. */
export const isWalkDue = (barren: number, look: number): boolean => isDue(barren, look, WALK_PAUSE_LOOKS_MAX)
