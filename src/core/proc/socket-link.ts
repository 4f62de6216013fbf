/** What a link in /proc/PID/fd points to when the descriptor is a socket: `socket:[12345]` (fs/proc, net/socket.c). */

const PREFIX = new TextEncoder().encode("socket:[")
const CLOSING_BRACKET = 93

/**
 * The inode in the first `length` bytes, or 0 when they name something else: no socket has inode 0. Hot: runs once a
 * descriptor, so it reads bytes and makes nothing.
 */
export function socketInode(bytes: Uint8Array, length: number): number {
  const end = length - 1
  // An inode has 1 to 10 digits, since sockets are numbered with 32 bits (fs/inode.c, get_next_ino).
  if (end <= PREFIX.length || end > PREFIX.length + 10 || bytes[end] !== CLOSING_BRACKET) return 0
  for (let i = 0; i < PREFIX.length; i++) if (bytes[i] !== PREFIX[i]) return 0
  let inode = 0
  for (let i = PREFIX.length; i < end; i++) {
    const digit = bytes[i]! - 48
    if (!(digit >= 0 && digit <= 9)) return 0
    inode = inode * 10 + digit
  }
  return inode
}
