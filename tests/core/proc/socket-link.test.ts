import { expect, test } from "bun:test"
import { socketInode } from "../../../src/core/proc/socket-link.ts"

const inode = (text: string, rest = "") => socketInode(new TextEncoder().encode(text + rest), text.length)

test.each([
  ["socket:[1]", 1],
  ["socket:[4294967295]", 4294967295],
  ["socket:[123", 0],
  ["socket:[]", 0],
  ["socket:[12x]", 0],
  ["socket:[12345678901]", 0],
  ["socket:", 0],
  ["Socket:[12]", 0],
  ["pipe:[12]", 0],
  ["anon_inode:[eventpoll]", 0],
  ["/tmp/socket:[12]", 0],
  ["", 0],
])("%s is inode %d", (text, expected) => expect(inode(text)).toBe(expected))

test("does not read past the given length", () => {
  expect(inode("socket:[12", "]")).toBe(0)
  expect(inode("socket:[12]", "99]")).toBe(12)
})
