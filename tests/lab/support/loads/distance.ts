import { alloc, type Bytes } from "../../../../ffi/memory.ts"
import { openTunnel, readPacket, writePacket } from "../libc.ts"

const DEVICE = "wan"
const PACKET_MAX = 2048
/** Beyond that a packet is lost, so that nothing grows without end. */
const WAITING_MAX = 20_000

/**
 * Makes a path long: a router sends what it forwards through a device of ours, and we give each packet back later. Of
 * every `outOf` packets the first `late` take `lateMs` more, and are overtaken.
 */
export async function distance(options: {
  readonly delayMs: number
  readonly late?: { readonly packets: number; readonly outOf: number; readonly moreMs: number }
}): Promise<void> {
  const { delayMs, late } = options
  const fd = openTunnel(DEVICE)
  // What comes from a wire goes through our device; what comes from our device goes on as usual.
  const script = `
    ip link set ${DEVICE} up
    ip route add default dev ${DEVICE} table 100
    for wire in lan0 lan1; do ip rule add iif $wire table 100; done`
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-ec", script])
  if (exitCode !== 0) throw new Error(`set up the long path: ${stderr}`)
  const into = alloc(PACKET_MAX)
  const waiting = { usual: [] as Waiting[], late: [] as Waiting[] }
  let number = 0
  setInterval(() => {
    const now = performance.now()
    for (let length = readPacket(fd, into); length > 0; length = readPacket(fd, into)) {
      const isLate = late !== undefined && number++ % late.outOf < late.packets
      const queue = isLate ? waiting.late : waiting.usual
      if (queue.length >= WAITING_MAX) continue
      const packet = alloc(length)
      packet.set(into.subarray(0, length))
      queue.push({ packet, dueAt: now + delayMs + (isLate ? late.moreMs : 0) })
    }
    for (const queue of [waiting.usual, waiting.late])
      while (queue[0] !== undefined && queue[0].dueAt <= now) writePacket(fd, queue.shift()!.packet)
  }, 1)
}

interface Waiting {
  readonly packet: Bytes
  readonly dueAt: number
}
