/** A folder of the kernel's, read in slices, so that one with 100,000 entries does not hold the program up. */
import { closeFd, errnoName, openDirectory, readDirectory, readLink, SystemError } from "../../../ffi/libc.ts"
import { alloc } from "../../../ffi/memory.ts"
import { entryEnd, nameAt } from "../../core/wire/directory-entry.ts"

/** One slice: about 170 descriptors, less than a millisecond with their links. */
const SLICE_SIZE = 4096
/** d_name holds at most 255 bytes and a NUL. */
const NAME_SIZE = 256
/** `socket:[4294967295]` fits; of anything longer the beginning is enough. */
const LINK_SIZE = 64

// Shared by all folders: a slice is worked through before the next one is read.
const slice = alloc(SLICE_SIZE)
const name = alloc(NAME_SIZE)
/** What `Folder.readLink` read. */
export const link = alloc(LINK_SIZE)

/** Why a folder could not be opened or read: the errno's name. */
export type Refusal = string

export class Folder {
  private isOpen = true

  private constructor(private readonly fd: number) {}

  static open(path: string): Folder | Refusal {
    try {
      return new Folder(openDirectory(path))
    } catch (error) {
      return refusal(error)
    }
  }

  /**
   * Reads the next slice and calls `visit` with each entry's name: where it begins in `bytes`; a NUL ends it. A false
   * from `visit` leaves the rest of the slice out. Answers whether there may be more, or why it could not be read.
   */
  readSlice(visit: (bytes: Uint8Array, at: number) => boolean): boolean | Refusal {
    let length: number
    try {
      length = readDirectory(this.fd, slice)
    } catch (error) {
      return refusal(error)
    }
    for (let at = 0; at < length; ) {
      const next = entryEnd(slice, at, length)
      if (next < 0) break
      if (!visit(slice, nameAt(at))) break
      at = next
    }
    return length > 0
  }

  /** Reads the link whose name begins at `at` into `link`: its length, or -1 when it is gone, forbidden or no link. */
  readLink(bytes: Uint8Array, at: number): number {
    let i = 0
    for (let byte = bytes[at]!; byte !== 0; byte = bytes[at + i]!) {
      if (i === NAME_SIZE - 1) return -1
      name[i++] = byte
    }
    name[i] = 0
    return readLink(this.fd, name, link)
  }

  close(): void {
    if (this.isOpen) closeFd(this.fd)
    this.isOpen = false
  }
}

function refusal(error: unknown): Refusal {
  if (error instanceof SystemError) return errnoName(error.errno)
  throw error
}
