/** The counters of one device, from the kernel's single answer about it. */
import { ARPHRD_ETHER, type LinkMessage } from "../wire/rtnetlink.ts"
import type { InterfaceCounters } from "./sample.ts"

/**
 * The counters in the middle of two readings between which something else was read: what they are held against is of no
 * single moment either.
 */
export function betweenCounters(first: InterfaceCounters, last: InterfaceCounters): InterfaceCounters {
  const middle = (field: "rxBytes" | "txBytes" | "rxPackets" | "txPackets") =>
    Math.round((first[field] + last[field]) / 2)
  const spreadBytes = last.rxBytes - first.rxBytes + last.txBytes - first.txBytes
  // Counters that began anew meanwhile have no middle.
  if (!(spreadBytes >= 0) || last.rxPackets < first.rxPackets || last.txPackets < first.txPackets) return last
  return {
    ...last,
    rxBytes: middle("rxBytes"),
    txBytes: middle("txBytes"),
    rxPackets: middle("rxPackets"),
    txPackets: middle("txPackets"),
    spreadBytes,
  }
}

/** linux/if_ether.h, ETH_HLEN. Loopback counts a packet without it. */
const ETHERNET_HEADER = 14

/**
 * All counters of one instant, or nothing when the kernel left any of them out. The name is the one that was asked
 * for: a device can also be found by another of its names.
 */
export function interfaceCounters(
  name: string,
  { statistics, hardwareType }: LinkMessage,
  speedBitsPerSecond: number | undefined,
): InterfaceCounters | undefined {
  const { rxBytes, txBytes, rxPackets, txPackets, rxErrors, txErrors, rxDropped, txDropped } = statistics ?? {}
  if (rxBytes === undefined || txBytes === undefined || rxPackets === undefined || txPackets === undefined) return
  if (rxErrors === undefined || txErrors === undefined || rxDropped === undefined || txDropped === undefined) return
  const headerBytes = hardwareType === ARPHRD_ETHER ? ETHERNET_HEADER : 0
  const bytes = { rxBytes, txBytes, rxPackets, txPackets, headerBytes }
  const counters = { name, ...bytes, rxErrors, txErrors, rxDropped, txDropped }
  return speedBitsPerSecond === undefined ? counters : { ...counters, speedBitsPerSecond }
}
