import { alloc } from "../../../../ffi/memory.ts"
import { openTunnel, writePacket } from "../libc.ts"
import { IPPROTO_UDP, ipv4Packet, udpDatagram } from "../packets.ts"
import { pace } from "./pace.ts"

/**
 * A device of this host by which packets come in, of which the driver throws some away: it counts them as received and
 * dropped, as the driver of a card does.
 */
export function card(options: {
  readonly device: string
  /** The host's address on it, and who sends. */
  readonly address: string
  readonly sender: string
  readonly port: number
  readonly perSecond: number
  /** Of so many packets one is dropped. */
  readonly dropsOneIn: number
}): void {
  const { device, address, sender, port, perSecond, dropsOneIn } = options
  const fd = openTunnel(device)
  const { exitCode, stderr } = Bun.spawnSync([
    "sh",
    "-ec",
    `ip addr add ${address}/24 dev ${device}; ip link set ${device} up`,
  ])
  if (exitCode !== 0) throw new Error(`set up ${device}: ${stderr}`)
  const ends = { source: sender, target: address, sourcePort: 40_000, targetPort: port }
  const good = ipv4Packet({ ...ends, protocol: IPPROTO_UDP, payload: udpDatagram(ends, { bytes: 100 }) })
  setIpv4Checksum(good)
  // No version of IP: the driver cannot tell what it is, counts it and lets it go.
  const bad = alloc(100)
  void pace({ perSecond, seconds: 60 }, (number) => writePacket(fd, number % dropsOneIn === 0 ? bad : good))
  setInterval(() => {}, 60_000)
}

/** Only a raw socket has the kernel write it. */
function setIpv4Checksum(packet: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(packet.buffer)
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  view.setUint16(10, ~sum & 0xffff)
}
