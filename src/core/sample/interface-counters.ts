/** The counters of one device, from the kernel's single answer about it. */
import type { LinkMessage } from "../wire/rtnetlink.ts"
import type { InterfaceCounters } from "./sample.ts"

/**
 * All counters of one instant, or nothing when the kernel left any of them out. The name is the one that was asked
 * for: a device can also be found by another of its names.
 */
export function interfaceCounters(
  name: string,
  { statistics }: LinkMessage,
  speedBitsPerSecond: number | undefined,
): InterfaceCounters | undefined {
  const { rxBytes, txBytes, rxPackets, txPackets, rxErrors, txErrors, rxDropped, txDropped } = statistics ?? {}
  if (rxBytes === undefined || txBytes === undefined || rxPackets === undefined || txPackets === undefined) return
  if (rxErrors === undefined || txErrors === undefined || rxDropped === undefined || txDropped === undefined) return
  const counters = { name, rxBytes, txBytes, rxPackets, txPackets, rxErrors, txErrors, rxDropped, txDropped }
  return speedBitsPerSecond === undefined ? counters : { ...counters, speedBitsPerSecond }
}
