import { expect, test } from "bun:test"
import fc from "fast-check"
import { indexInodes, rowOfInode } from "../../../src/core/sample/inode-index.ts"

test("finds the row of each inode, and no other", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 300 }), (inodes) => {
      const wanted = inodes.map((_, row) => row).filter((row) => row % 2 === 0)
      const index = indexInodes(new Uint32Array(inodes), new Int32Array(wanted), wanted.length)
      inodes.forEach((inode, row) => {
        expect(rowOfInode(index, inode)).toBe(row % 2 === 0 && inode !== 0 ? row : -1)
      })
    }),
  )
})
