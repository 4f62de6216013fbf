/** The handshake and the close of a conversation, packet by packet with their times, and what came in between in one step. */
import { endpointText } from "./address-text.ts"
import { type Conversation, mark } from "./conversations.ts"
import { ACK, FIN, formatFlags, RST, SYN } from "./packet.ts"
import type { PacketTable } from "./packet-table.ts"
import type { Trace } from "./trace.ts"

export type SequenceStep =
  | {
      readonly kind: "packet"
      readonly number: number
      /** Which end sent it: 0 or 1. */
      readonly from: 0 | 1
      readonly flags: string
      readonly payloadLength: number
      /** Since the first packet of the conversation, and since the step before. */
      readonly sinceStartUs: number
      readonly sincePreviousUs: number
      readonly isRepeated: boolean
    }
  | {
      readonly kind: "data"
      /** Payload of each end between the two steps around it, and its packets. */
      readonly bytes: readonly [number, number]
      readonly packets: readonly [number, number]
      readonly repeated: number
      readonly sinceStartUs: number
      readonly lengthUs: number
    }

/** More steps than these are not shown: a flood of SYNs is no picture. */
export const STEPS_MAX = 64

/** Empty when the conversation is not TCP, or its packets are beyond those that are listed. */
export function sequenceOf(trace: Trace, conversation: Conversation): readonly SequenceStep[] {
  const { table } = trace
  const steps: SequenceStep[] = []
  let previousUs = conversation.firstUs
  let isOpen = false
  let data:
    | { bytes: [number, number]; packets: [number, number]; repeated: number; fromUs: number; toUs: number }
    | undefined

  const closeData = () => {
    if (data === undefined) return
    const { bytes, packets, repeated, fromUs, toUs } = data
    steps.push({
      kind: "data",
      bytes,
      packets,
      repeated,
      sinceStartUs: fromUs - conversation.firstUs,
      lengthUs: toUs - fromUs,
    })
    previousUs = toUs
    data = undefined
  }

  for (let row = conversation.firstNumber - 1; row < table.count && row < conversation.lastNumber; row++) {
    if (table.conversation[row] !== conversation.index || (table.marks[row]! & mark.copy) !== 0) continue
    if (steps.length >= STEPS_MAX) break
    const flags = table.flags[row]!
    const atUs = table.atUs[row]!
    const from = table.from[row] === 1 ? 1 : 0
    const isRepeated = (table.marks[row]! & (mark.retransmit | mark.lateFill)) !== 0
    const isTurn = (flags & (SYN | FIN | RST)) !== 0
    const completes = !isOpen && from === conversation.opener && (flags & (SYN | ACK)) === ACK
    const answersFin =
      (flags & ACK) !== 0 && table.payloadLength[row] === 0 && acknowledgesFin(table, row, conversation)
    if (isTurn || completes || answersFin) {
      closeData()
      if (completes) isOpen = true
      steps.push({
        kind: "packet",
        number: row + 1,
        from,
        flags: formatFlags(flags),
        payloadLength: table.payloadLength[row]!,
        sinceStartUs: atUs - conversation.firstUs,
        sincePreviousUs: atUs - previousUs,
        isRepeated,
      })
      previousUs = atUs
      continue
    }
    data ??= { bytes: [0, 0], packets: [0, 0], repeated: 0, fromUs: atUs, toUs: atUs }
    data.bytes[from] += table.payloadLength[row]!
    data.packets[from]++
    data.toUs = atUs
    if (isRepeated) data.repeated++
  }
  closeData()
  return steps
}

/** The bare acknowledgement behind a FIN belongs to the close. */
function acknowledgesFin(table: PacketTable, row: number, c: Conversation): boolean {
  if (c.finBy < 0 || row + 1 <= c.finNumber) return false
  const end = c.sides[1 - table.from[row]!]!
  return end.finCount > 0 && table.ack[row] === end.next
}

const ms = (us: number) => `${(us / 1000).toFixed(3)} ms`

/** The diagram as lines: times, arrows between two columns, flags and packet numbers. */
export function sequenceLines(trace: Trace, conversation: Conversation): string[] {
  const { addresses, ports } = conversation
  const left = endpointText(addresses[0], ports[0])
  const right = endpointText(addresses[1], ports[1])
  const width = Math.max(28, Math.min(44, left.length + right.length + 2))
  const steps = sequenceOf(trace, conversation)
  if (steps.length === 0) return []
  const indent = " ".repeat(14)
  return [
    `${indent}${left.padEnd(width - right.length)}${right}`,
    ...steps.map((step) => {
      const time = `+${ms(step.sinceStartUs)}`.padStart(13)
      if (step.kind === "data") {
        const parts = [0, 1].flatMap((end) => {
          const arrow = end === 0 ? "→" : "←"
          return step.packets[end] === 0 ? [] : [`${arrow} ${step.bytes[end]} bytes in ${step.packets[end]}`]
        })
        const repeated = step.repeated === 0 ? "" : `, ${step.repeated} sent again`
        return `${time} ${`${parts.join("  ")}${repeated}`.padEnd(width)} ${ms(step.lengthUs)}`
      }
      const label = ` ${step.flags}${step.payloadLength > 0 ? ` ${step.payloadLength}` : ""} `
      const line = "─".repeat(Math.max(2, width - label.length - 2))
      const arrow = step.from === 0 ? `├${label}${line}▶` : `◀${line}${label}┤`
      return `${time} ${arrow} #${step.number}${step.isRepeated ? " again" : ""}`
    }),
  ]
}
