/** Who does it, in words. */
import type { Culprit } from "./rule.ts"

/** `nginx (pid 1204), port 443, peer 192.0.2.1`; the namespace only where it is not our own. `host-wide` when nobody is named. */
export function culpritText(culprit: Culprit): string {
  if (culprit.words !== undefined) return culprit.words
  const { process, pid, port, peer, peerPort, prefix, interface: device, cpu, rule, localAddress, netns } = culprit
  const parts = [
    process === undefined
      ? pid === undefined
        ? ""
        : `pid ${pid}`
      : `${process}${pid === undefined ? "" : ` (pid ${pid})`}`,
    port === undefined ? "" : `port ${port}`,
    peer === undefined ? "" : `peer ${peer}${peerPort === undefined ? "" : ` port ${peerPort}`}`,
    peer === undefined && peerPort !== undefined ? `remote port ${peerPort}` : "",
    prefix === undefined ? "" : `network ${prefix}`,
    device === undefined ? "" : `interface ${device}`,
    cpu === undefined ? "" : `CPU ${cpu}`,
    rule === undefined ? "" : `rule ${rule}`,
    peer === undefined && port === undefined && localAddress !== undefined ? `address ${localAddress}` : "",
    netns === OWN ? "" : `namespace ${netns}`,
  ].filter((part) => part !== "")
  return parts.length === 0 ? "host-wide" : parts.join(", ")
}

/** The namespace this program runs in. */
const OWN = "host"

/** `{port}` and other fields of the culprit in their place; one that is not known keeps its name in capitals. */
export const fillIn = (text: string, culprit: Culprit): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (culprit as unknown as Readonly<Record<string, unknown>>)[name]
    return value === undefined ? name.toUpperCase() : String(value)
  })
