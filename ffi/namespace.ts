/**
 * Another network namespace, entered for one synchronous act.
 *
 * A namespace belongs to a thread. Nothing may wait while we are inside: other work of the program would run there, and
 * a thread that the runtime starts meanwhile would stay there for ever and keep the namespace alive.
 */
import { fstatSync } from "node:fs"
import { closeFd, openFile, setNetworkNamespace } from "./libc.ts"

export interface NamespacePlace {
  /** `/proc/PID/ns/net`, or the file that `ip netns` binds. */
  readonly path: string
  /** The inode it must have. A pid may have been given to another process since, in another namespace. */
  readonly inode?: number
}

/** The place is not the namespace that was meant. */
export class WrongNamespace extends Error {
  override readonly name = "WrongNamespace"
  constructor(place: NamespacePlace) {
    super(`${place.path} is no longer network namespace ${place.inode}`)
  }
}

/**
 * Enters the namespace, does `act`, and comes back, whatever `act` does. `act` must be over when it returns: a promise is
 * refused. Throws what `act` throws, `WrongNamespace`, or `SystemError` (EPERM without CAP_SYS_ADMIN, EINVAL when the
 * file is no network namespace). When the way back is closed the process ends: it would look at the wrong host.
 */
export function inNamespace<T>(place: NamespacePlace, act: () => T): T {
  const home = openFile("/proc/thread-self/ns/net")
  try {
    const target = openFile(place.path)
    try {
      if (place.inode !== undefined && fstatSync(target).ino !== place.inode) throw new WrongNamespace(place)
      setNetworkNamespace(target)
      try {
        const result = act()
        if (result instanceof Promise) throw new Error("an act inside another namespace must not wait")
        return result
      } finally {
        comeBack(home)
      }
    } finally {
      closeFd(target)
    }
  } finally {
    closeFd(home)
  }
}

function comeBack(home: number): void {
  try {
    setNetworkNamespace(home)
  } catch {
    process.abort()
  }
}
