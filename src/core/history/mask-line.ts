/** A snapshot line for others to see: the first half of every address in it hidden. */
import type { SnapshotLine } from "../snapshot/schema.ts"
import { maskAddress, maskAddresses } from "../text/mask.ts"

export function maskLine(line: SnapshotLine): SnapshotLine {
  const rows = (side: SnapshotLine["incoming_groups"]) =>
    side?.map((row) => ({ ...row, peer_ip: maskAddress(row.peer_ip) })) ?? side
  return {
    ...line,
    incoming_groups: rows(line.incoming_groups),
    outgoing_groups: rows(line.outgoing_groups),
    ...(line.findings === undefined ? {} : { findings: line.findings.map(maskTexts) }),
    ...(line.events === undefined ? {} : { events: line.events.map(maskTexts) }),
  }
}

/** Every text of an object that is written by us and may hold addresses. */
function maskTexts<T extends object>(value: T): T {
  const masked = (each: unknown): unknown =>
    typeof each === "string"
      ? maskAddresses(each)
      : Array.isArray(each)
        ? each.map(masked)
        : each !== null && typeof each === "object"
          ? maskTexts(each)
          : each
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each)])) as T
}
