/** What the built files ask of a host's C library: servers are old. */
import { beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { builtBinary, root } from "../support/binary.ts"
import { compareVersions, neededLibraries, neededSymbols } from "../support/elf.ts"

/** RHEL 7, 2014. */
const GLIBC_MAX = "GLIBC_2.17"

const tooNew = (file: Uint8Array) =>
  neededSymbols(file).filter(({ version }) => version.startsWith("GLIBC_") && compareVersions(version, GLIBC_MAX) > 0)

describe("the program", () => {
  let file: Uint8Array = new Uint8Array()
  beforeAll(() => {
    file = readFileSync(builtBinary())
  }, 60_000)

  test("needs no symbol above GLIBC_2.17", () => {
    expect(tooNew(file)).toEqual([])
  })

  test("needs nothing but the C library", () => {
    expect(neededLibraries(file).sort()).toEqual([
      "ld-linux-x86-64.so.2",
      "libc.so.6",
      "libdl.so.2",
      "libm.so.6",
      "libpthread.so.0",
    ])
  })

  test("is read as a whole: the oldest and well-known symbols are found", () => {
    expect(neededSymbols(file)).toContainEqual({ symbol: "recv", library: "libc.so.6", version: "GLIBC_2.2.5" })
    expect(neededSymbols(file)).toContainEqual({ symbol: "memcpy", library: "libc.so.6", version: "GLIBC_2.14" })
    expect(neededSymbols(file).length).toBeGreaterThan(300)
  })
})

describe("the renderer's library", () => {
  const file = readFileSync(join(root, "node_modules/@opentui/core-linux-x64/libopentui.so"))

  test("needs no symbol above GLIBC_2.17", () => {
    expect(tooNew(file)).toEqual([])
  })

  test("needs nothing but the C library", () => {
    expect(neededLibraries(file).sort()).toMatchInlineSnapshot(`
      [
        "ld-linux-x86-64.so.2",
        "libc.so.6",
        "libdl.so.2",
        "libm.so.6",
        "libpthread.so.0",
      ]
    `)
  })
})

test("versions are compared as numbers", () => {
  const sorted = ["GLIBC_2.34", "GLIBC_2.9", "GLIBC_2.17", "GLIBC_2.2.5", "GLIBC_2.3"].sort(compareVersions)
  expect(sorted).toEqual(["GLIBC_2.2.5", "GLIBC_2.3", "GLIBC_2.9", "GLIBC_2.17", "GLIBC_2.34"])
})
