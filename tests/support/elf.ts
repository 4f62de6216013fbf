/**
 * What an ELF file wants from other libraries: the names, and the version of each.
 *
 * Reads 64-bit little-endian files by their section headers, as System V ABI and LSB "Symbol Versioning" lay them out.
 */

/** A symbol that some library must give, such as `memcpy` of `GLIBC_2.14` from `libc.so.6`. */
export interface NeededSymbol {
  readonly symbol: string
  readonly library: string
  readonly version: string
}

// elf.h
const SHT_DYNAMIC = 6
const SHT_DYNSYM = 11
const SHT_GNU_verneed = 0x6ffffffe
const SHT_GNU_versym = 0x6fffffff
const SHN_UNDEF = 0
const DT_NEEDED = 1
const VERSYM_INDEX = 0x7fff

interface Section {
  readonly type: number
  readonly offset: number
  readonly size: number
  /** The index of the section with its strings. */
  readonly link: number
}

/** Every versioned symbol that the file does not define itself. Throws when it is no such ELF file. */
export function neededSymbols(file: Uint8Array): NeededSymbol[] {
  const elf = openElf(file)
  const versions = readVersions(elf)
  const symbols = elf.section(SHT_DYNSYM)
  const versionOf = elf.section(SHT_GNU_versym)
  const names = elf.sections[symbols.link]!
  const needed: NeededSymbol[] = []
  for (let index = 1; index * 24 < symbols.size; index++) {
    const at = symbols.offset + index * 24 // Elf64_Sym
    if (elf.view.getUint16(at + 6, true) !== SHN_UNDEF) continue
    const version = versions.get(elf.view.getUint16(versionOf.offset + index * 2, true) & VERSYM_INDEX)
    if (version !== undefined) needed.push({ symbol: elf.text(names, elf.view.getUint32(at, true)), ...version })
  }
  return needed
}

/** The libraries that are loaded with the file (DT_NEEDED), in order. */
export function neededLibraries(file: Uint8Array): string[] {
  const elf = openElf(file)
  const dynamic = elf.section(SHT_DYNAMIC)
  const names = elf.sections[dynamic.link]!
  const libraries: string[] = []
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    if (elf.number(at) === DT_NEEDED) libraries.push(elf.text(names, elf.number(at + 8)))
  }
  return libraries
}

/** Compares `GLIBC_2.9` and `GLIBC_2.17` as versions: negative when `a` is the older. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.replace(/^\D*/, "").split(".").map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function openElf(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  // e_ident: magic, ELFCLASS64, ELFDATA2LSB
  if (view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0201)
    throw new Error("not a 64-bit little-endian ELF file")
  const number = (at: number) => Number(view.getBigUint64(at, true))
  const table = number(40) // e_shoff
  const size = view.getUint16(58, true) // e_shentsize
  const sections: Section[] = Array.from({ length: view.getUint16(60, true) }, (_, index) => {
    const at = table + index * size
    return {
      type: view.getUint32(at + 4, true),
      offset: number(at + 24),
      size: number(at + 32),
      link: view.getUint32(at + 40, true),
    }
  })
  return {
    view,
    number,
    sections,
    section(type: number): Section {
      const found = sections.find((section) => section.type === type)
      if (found === undefined) throw new Error(`the file has no section of type 0x${type.toString(16)}`)
      return found
    },
    /** The NUL-terminated text at `at` inside a section of strings. */
    text(names: Section, at: number): string {
      const start = names.offset + at
      return new TextDecoder("latin1").decode(file.subarray(start, file.indexOf(0, start)))
    },
  }
}

/** Version index → which library must have which version (Elf64_Verneed, each with its Elf64_Vernaux). */
function readVersions(elf: ReturnType<typeof openElf>): Map<number, { library: string; version: string }> {
  const { view } = elf
  const section = elf.section(SHT_GNU_verneed)
  const names = elf.sections[section.link]!
  const versions = new Map<number, { library: string; version: string }>()
  for (let need = section.offset; ; ) {
    const library = elf.text(names, view.getUint32(need + 4, true))
    let entry = need + view.getUint32(need + 8, true)
    for (let left = view.getUint16(need + 2, true); left > 0; left--) {
      const version = elf.text(names, view.getUint32(entry + 8, true))
      versions.set(view.getUint16(entry + 6, true), { library, version })
      entry += view.getUint32(entry + 12, true)
    }
    const next = view.getUint32(need + 12, true)
    if (next === 0) return versions
    need += next
  }
}
