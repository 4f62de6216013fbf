import { describe, expect, test } from "bun:test"
import { chooseInterface } from "../../../src/core/model/interface-choice.ts"

const facts = { names: ["lo", "docker0", "eth0", "wlan0"], ipv4: [], ipv6: [] }
const wifi = { interface: "wlan0", metric: 600 }
const cable = { interface: "eth0", metric: 100 }

describe("without a wish", () => {
  test.each([
    { name: "the default route", given: { ...facts, ipv4: [wifi] }, chosen: "wlan0" },
    { name: "the lowest metric", given: { ...facts, ipv4: [wifi, cable] }, chosen: "eth0" },
    {
      name: "the first of equal metrics",
      given: { ...facts, ipv4: [{ ...cable, metric: 600 }, wifi] },
      chosen: "eth0",
    },
    { name: "IPv4 before IPv6", given: { ...facts, ipv4: [wifi], ipv6: [cable] }, chosen: "wlan0" },
    { name: "IPv6 on a host that has only that", given: { ...facts, ipv6: [wifi, cable] }, chosen: "eth0" },
    {
      name: "no route of a device that is not there",
      given: { ...facts, ipv4: [{ interface: "gone0", metric: 0 }, wifi] },
      chosen: "wlan0",
    },
    { name: "the first that is not lo", given: facts, chosen: "docker0" },
    { name: "lo where there is nothing else", given: { ...facts, names: ["lo"] }, chosen: "lo" },
  ])("takes $name", ({ given, chosen }) => {
    expect(chooseInterface(undefined, given)).toEqual({ ok: true, name: chosen })
  })

  test("says when there is none", () => {
    expect(chooseInterface(undefined, { ...facts, names: [] })).toMatchObject({ ok: false })
  })
})

describe("with a wish", () => {
  test.each(["eth0", "lo"])("takes %s, which exists", (name) => {
    expect(chooseInterface(name, { ...facts, ipv4: [wifi] })).toEqual({ ok: true, name })
  })

  test("lists what exists, and lets no control character through", () => {
    expect(chooseInterface("\u001b[31mx", { ...facts, names: ["lo", "e\u001b[0m"] })).toEqual({
      ok: false,
      reason: "interface \u{fffd}[31mx does not exist. There are: lo, e\u{fffd}[0m",
    })
  })
})
