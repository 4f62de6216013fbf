import { expect, test } from "bun:test"
import {
  nameNamespace,
  parseNamespaceLink,
  parseNamespaceSelection,
  selectNamespaces,
} from "../../../src/core/sample/network-namespace.ts"

test.each([
  { text: "net:[4026531840]", id: 4026531840 },
  { text: "mnt:[4026531840]", id: undefined },
  { text: "net:[-1]", id: undefined },
  { text: "net:[]", id: undefined },
  { text: "net:[12345678901]", id: undefined },
  { text: "net:[1]\n", id: undefined },
  { text: "", id: undefined },
])("the link $text", ({ text, id }) => expect(parseNamespaceLink(text)).toBe(id))

test("a bound name wins over the unit of a process, and that over the inode", () => {
  const unitOf = (pid: number) => (pid === 7 ? "redis.service" : undefined)
  const sighting = { id: 5, path: "/x" }
  expect(nameNamespace({ ...sighting, boundName: "blue", pid: 7 }, unitOf)).toBe("blue")
  expect(nameNamespace({ ...sighting, pid: 7 }, unitOf)).toBe("redis.service")
  expect(nameNamespace({ ...sighting, pid: 8 }, unitOf)).toBe("net:[5]")
  expect(nameNamespace(sighting, unitOf)).toBe("net:[5]")
})

const namespaces = [
  { id: 1, name: "host" },
  { id: 2, name: "blue" },
  undefined,
  { id: 3, name: "net:[3]" },
  { id: 4, name: "2" },
]

test.each<{ text: string; ids: readonly number[] }>([
  { text: "all", ids: [1, 2, 3, 4] },
  { text: "host", ids: [1] },
  { text: "blue", ids: [2] },
  { text: "net:[3]", ids: [3] },
  { text: "3", ids: [3] },
  { text: "net:[2]", ids: [2] },
  { text: "2", ids: [4] },
  { text: "green", ids: [] },
  { text: "", ids: [] },
])("--netns $text", ({ text, ids }) => {
  const selected = selectNamespaces(namespaces, parseNamespaceSelection(text))
  expect(selected).toHaveLength(namespaces.length)
  expect(selected).toEqual(namespaces.map((n) => (n !== undefined && ids.includes(n.id) ? n : undefined)))
})
