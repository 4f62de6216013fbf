/** The lines of `ss -naHOe state …`, one socket each. With the state given, `ss` leaves its column out or not. */
import { formatAddress, parseAddress } from "../wire/address.ts"
import type { PeerSocket } from "./incoming.ts"

/** Queues, local end, remote end; what is behind them is `key:value` words. */
const LINE = /^(?:([A-Z][A-Z0-9-]*)\s+)?\d+\s+\d+\s+(\S+):(\d+|\*)\s+(\S+):(\d+|\*)(.*)$/

const states: Readonly<Record<string, string>> = {
  ESTAB: "ESTABLISHED",
  UNCONN: "CLOSE",
  "FIN-WAIT-1": "FIN_WAIT1",
  "FIN-WAIT-2": "FIN_WAIT2",
}

/** Lines that make no sense are passed over. */
export function readSsLines(text: string, protocol: "tcp" | "udp"): readonly PeerSocket[] {
  return text.split("\n").flatMap((line): PeerSocket[] => {
    const [, state = "", local = "", localPort = "", peer = "", peerPort = "", rest = ""] =
      LINE.exec(line.trimEnd()) ?? []
    const localAddress = addressText(local)
    const peerAddress = addressText(peer)
    if (localAddress === undefined || peerAddress === undefined || localPort === "*") return []
    const cookie = /\bsk:([0-9a-f]+)/.exec(rest)?.[1]
    return [
      {
        key: cookie === undefined ? `${local}:${localPort} ${peer}:${peerPort}` : BigInt(`0x${cookie}`).toString(),
        protocol,
        state: states[state] ?? state.replaceAll("-", "_"),
        localAddress,
        localPort: Number(localPort),
        peerAddress,
        peerPort: peerPort === "*" ? 0 : Number(peerPort),
        isRemnant: state === "FIN-WAIT-2" && !/\bino:[1-9]/.test(rest),
      },
    ]
  })
}

/** `*` and `0.0.0.0` are all addresses; a device or a zone stands behind `%`. */
function addressText(text: string): string | undefined {
  if (text === "*") return "::"
  const bytes = parseAddress(text.replace(/%[^\]]*/, ""))
  return bytes === undefined ? undefined : formatAddress(bytes)
}
