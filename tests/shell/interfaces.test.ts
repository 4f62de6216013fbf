import { describe, expect, test } from "bun:test"
import { listInterfaceFolders, readSpeed, resolveInterface } from "../../src/shell/interfaces.ts"
import { folder } from "./folder.ts"

test("folders are interfaces, `bonding_masters` is none", () => {
  using sys = folder({ "class/net/lo/": "", "class/net/bond0/": "", "class/net/bonding_masters": "bond0\n" })
  expect(listInterfaceFolders(sys.path)).toEqual({ ok: true, value: ["bond0", "lo"] })
})

test("a hidden /sys is one clear line", () => {
  using sys = folder()
  const reason = `cannot read ${sys.path}/class/net: ENOENT. Is /sys mounted?`
  expect(listInterfaceFolders(sys.path)).toEqual({ ok: false, reason })
})

describe("speed", () => {
  const link = { index: 7, hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, 0x0a) }
  const device = { ifindex: "7\n", address: "02:00:00:00:00:0a\n", "device/": "", speed: "1000\n" }
  const speed = (files: Record<string, string>) => {
    const named = Object.entries(files).map(([name, text]) => [`class/net/x/${name}`, text])
    using sys = folder(Object.fromEntries(named))
    return readSpeed("x", link, sys.path)
  }
  const { speed: _, ...withoutSpeed } = device
  const { "device/": __, ...virtual } = device

  test.each([
    { name: "1000", files: device, bits: 1e9 },
    { name: "25000 with blanks", files: { ...device, speed: " 25000 " }, bits: 25e9 },
    { name: "-1", files: { ...device, speed: "-1\n" }, bits: undefined },
    { name: "0", files: { ...device, speed: "0" }, bits: undefined },
    { name: "n/a", files: { ...device, speed: "n/a" }, bits: undefined },
    { name: "4294967295", files: { ...device, speed: "4294967295\n" }, bits: undefined },
    { name: "unreadable", files: withoutSpeed, bits: undefined },
    { name: "10000 of a veth, which has no device", files: { ...virtual, speed: "10000" }, bits: undefined },
    { name: "that of another namespace's interface of this name", files: { ...device, ifindex: "2" }, bits: undefined },
    { name: "that of another card of this index", files: { ...device, address: "02:00:00:00:00:0b" }, bits: undefined },
  ])("$name", ({ files, bits }) => expect(speed(files)).toBe(bits as never))
})

describe("on this machine", () => {
  test("lo may be asked for", async () => expect(await resolveInterface("lo")).toEqual({ ok: true, value: "lo" }))

  test("a name that does not exist is answered with those that do", async () => {
    const answer = await resolveInterface("no-such-if0")
    expect(answer.ok ? "" : answer.reason).toMatch(/^interface no-such-if0 does not exist\. There are: .*\blo\b/)
  })

  test("something is found with /proc and /sys hidden", async () => {
    using nothing = folder()
    expect(await resolveInterface(undefined, { proc: nothing.path, sys: nothing.path })).toMatchObject({ ok: true })
  })
})
