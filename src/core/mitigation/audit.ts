/** One line of the action log: when, who, what, and what came of it. */

export interface Actor {
  readonly uid: number
  /** Who called sudo. */
  readonly sudoUser?: string
  /** The terminal, such as /dev/pts/3. */
  readonly tty?: string
}

export interface AuditEntry {
  /** RFC 3339. */
  readonly time: string
  readonly actor: Actor
  /** `block 203.0.113.7:443 for 5 min`. */
  readonly what: string
  readonly result: string
}

/** Nothing from outside may end a line or look like another field. */
const plain = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, "?").slice(0, 400)
const word = (text: string) => text.replace(/[^A-Za-z0-9._/@-]/g, "?").slice(0, 64)

/** `2026-03-08T12:56:30+00:00 uid=0 sudo_user=alice tty=/dev/pts/3 block 203.0.113.7:443 for 5 min: done`. */
export function auditLine({ time, actor, what, result }: AuditEntry): string {
  return `${time} ${actorText(actor)} ${plain(what)}: ${plain(result)}`
}

export const actorText = ({ uid, sudoUser, tty }: Actor): string =>
  [
    `uid=${uid}`,
    ...(sudoUser === undefined ? [] : [`sudo_user=${word(sudoUser)}`]),
    ...(tty === undefined ? [] : [`tty=${word(tty)}`]),
  ].join(" ")
