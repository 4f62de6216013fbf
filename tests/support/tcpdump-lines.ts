/** The same few facts of every packet, once as `tcpdump -r` prints them and once as we read them. */
import { addressText } from "../../src/core/trace/address-text.ts"
import { createPacketReader, formatFlags } from "../../src/core/trace/packet.ts"
import { createCaptureReader } from "../../src/core/trace/pcap.ts"
import { formatAddress, parseAddress } from "../../src/core/wire/address.ts"

/** `10.0.0.1 40000 > 10.0.0.2 443 [S] 0`; a packet that is neither TCP nor UDP has its ends, or only its kind. */
export function describeWithTcpdump(path: string, filter?: string): string[] {
  // As root tcpdump becomes another user before it opens the file.
  const isRoot = process.getuid?.() === 0
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    [
      "tcpdump",
      "-nn",
      "-tt",
      "-K",
      "-S",
      ...(isRoot ? ["-Z", "root"] : []),
      "-r",
      path,
      ...(filter === undefined ? [] : ["--", filter]),
    ],
    {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    },
  )
  if (exitCode !== 0) throw new Error(`tcpdump -r: ${stderr}`)
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !/^\s/.test(line))
    .map(theirLine)
}

function theirLine(line: string): string {
  const time = /^(\d+\.\d+)/.exec(line)![1]!
  const at = `${Number(time.slice(0, 17)).toFixed(6)}`
  const text = line.replace(/^\S+ /, "")
  if (/\bARP\b/.test(text)) {
    const request = /Request who-has (\S+?),? (?:\(\S+\) )?tell (\S+?),/.exec(text)
    const reply = /Reply (\S+) is-at/.exec(text)
    return request === null ? `${at} arp reply ${reply![1]}` : `${at} arp request ${request[2]} > ${request[1]}`
  }
  // Behind extension headers the ports stand alone, and the addresses in front of them.
  const extended = /\bIP6 (\S+) > (\S+?): (?:[A-Z]+ )+(\d+) > (\d+): (.*)$/.exec(text)
  const ends =
    extended === null
      ? /\bIP6? (\S+) > (\S+?): (.*)$/.exec(text)
      : ["", `${extended[1]}.${extended[3]}`, `${extended[2]}.${extended[4]}`, extended[5]]
  if (ends === null) return `${at} ?? ${text}`
  const [, from, to, rest = ""] = ends
  const flags = /Flags (\[[^\]]*\])/.exec(rest)?.[1]
  // Where the options of TCP were cut tcpdump tells no length.
  const length = /length (\d+)/.exec(rest)?.[1] ?? "cut"
  const isUdp = /\bUDP\b/.test(rest)
  if (flags === undefined && !isUdp) return `${at} ${split(from!, false)} > ${split(to!, false)}`
  return `${at} ${split(from!, true)} > ${split(to!, true)} ${flags ?? "udp"} ${length}`
}

/** tcpdump puts the port behind a dot. */
function split(end: string, hasPort: boolean): string {
  const at = end.lastIndexOf(".")
  const isAlone = parseAddress(end) !== undefined
  if (!hasPort || (isAlone && !end.includes(":"))) return canonical(isAlone ? end : end.slice(0, at))
  return `${canonical(end.slice(0, at))} ${end.slice(at + 1)}`
}
const canonical = (text: string) => formatAddress(parseAddress(text)!)

export function ourLines(file: Uint8Array): string[] {
  const packets = createPacketReader()
  const lines: string[] = []
  const reader = createCaptureReader((bytes, start, end, frame) => {
    const p = packets.read(bytes, start, end, frame.linkType, frame.wireLength)
    const at = (Math.floor(frame.atUs + 0.001) / 1e6).toFixed(6)
    const from = addressText(p.source)
    const to = addressText(p.target)
    if (p.kind === "arp")
      lines.push(p.arpOperation === 1 ? `${at} arp request ${from} > ${to}` : `${at} arp reply ${from}`)
    else if (p.kind === "tcp")
      lines.push(
        `${at} ${from} ${p.sourcePort} > ${to} ${p.targetPort} ${formatFlags(p.flags)} ${p.isCut ? "cut" : p.payloadLength}`,
      )
    else if (p.kind === "udp")
      lines.push(`${at} ${from} ${p.sourcePort} > ${to} ${p.targetPort} udp ${p.payloadLength}`)
    else lines.push(`${at} ${from} > ${to}`)
  })
  reader.push(file)
  reader.end()
  if (reader.problem !== undefined) throw new Error(reader.problem.text)
  return lines
}
