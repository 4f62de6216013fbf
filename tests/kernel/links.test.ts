/** Links of the real kernel, in a network namespace of the test's own. Needs root, `unshare` and `ip`. */
import { expect } from "bun:test"
import { requires } from "../support/requirements.ts"

const root = `${import.meta.dir}/../..`

/** Runs inside the namespace: makes a veth pair, sends three datagrams that nobody answers, and prints what it sees. */
const inside = `
set -e
for setting in all default; do
  file=/proc/sys/net/ipv6/conf/$setting/disable_ipv6
  [ ! -w $file ] || echo 1 > $file # neighbour discovery would send at moments of its own
done
ip link add va type veth peer name vb
ip address add 192.0.2.1/24 dev va
ip address add 198.51.100.1 peer 198.51.100.2/32 dev vb
ip link set va up
ip link set vb up
ip neighbour add 192.0.2.9 lladdr "$(cat /sys/class/net/vb/address 2>/dev/null || ip -o link show vb | sed 's/.*ether \\([^ ]*\\).*/\\1/')" dev va
for i in 1 2 3; do echo hello > /dev/udp/192.0.2.9/9; done
exec "$BUN" -e '
  const links = await import(process.env.ROOT + "/src/shell/kernel/links.ts")
  const interfaces = await import(process.env.ROOT + "/src/shell/interfaces.ts")
  const ip = (...args) => JSON.parse(Bun.spawnSync(["ip", "-j", ...args]).stdout.toString())
  console.log(JSON.stringify({
    listed: await links.listLinks(),
    names: (await interfaces.listInterfaces()).value,
    addresses: [...await links.listAddresses()],
    va: await interfaces.readInterface("va"),
    vb: await interfaces.readInterface("vb"),
    absent: await interfaces.readInterface("vc"),
    refused: await links.readLink("vc").catch((error) => error.message),
    tooLong: await links.readLink("x".repeat(16)).catch((error) => error.message),
    ip: ip("-s", "link", "show"),
  }))
'
`

const needy = requires({ root: true, tools: ["unshare", "ip", "bash"] })

needy("links, counters and addresses are those that `ip` shows", async () => {
  const child = Bun.spawn(["unshare", "--net", "bash", "-c", inside], {
    env: { ...process.env, BUN: process.execPath, ROOT: root },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text()])
  expect(problems).toBe("")
  const seen = JSON.parse(out)

  // biome-ignore lint/suspicious/noExplicitAny: what `ip` prints
  const byName = new Map<string, any>(seen.ip.map((link: any) => [link.ifname, link]))
  expect(seen.names).toEqual(["lo", "vb", "va"])
  for (const { index, name } of seen.listed) expect(index).toBe(byName.get(name).ifindex)
  // biome-ignore lint/suspicious/noExplicitAny: as above
  expect(seen.listed.filter((link: any) => link.isLoopback).map((link: any) => link.name)).toEqual(["lo"])

  for (const name of ["va", "vb"]) {
    const { rx, tx } = byName.get(name).stats64
    // Without a speed: a veth has no hardware behind it.
    expect(seen[name]).toEqual({
      ok: true,
      value: {
        name,
        headerBytes: 14,
        rxBytes: rx.bytes,
        txBytes: tx.bytes,
        rxPackets: rx.packets,
        txPackets: tx.packets,
        rxErrors: rx.errors,
        txErrors: tx.errors,
        rxDropped: rx.dropped,
        txDropped: tx.dropped,
      },
    })
  }
  // Three datagrams of 6 bytes, with 8 + 20 + 14 bytes of headers.
  expect(seen.va.value).toMatchObject({ txPackets: 3, txBytes: 3 * 48 })
  expect(seen.vb.value).toMatchObject({ rxPackets: 3, rxBytes: 3 * 48 })

  expect(new Map(seen.addresses).get(byName.get("va").ifindex)).toEqual([{ address: "192.0.2.1", prefixLength: 24 }])
  expect(new Map(seen.addresses).get(byName.get("vb").ifindex)).toEqual([{ address: "198.51.100.1", prefixLength: 32 }])
  expect(seen.absent).toEqual({ ok: false, reason: "interface vc is gone" })
  expect(seen.refused).toBe('cannot read the counters of interface "vc": ENODEV')
  expect(seen.tooLong).toContain("ENODEV")
})
