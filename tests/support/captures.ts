/**
 * Captured datagrams: the file format, and how tests read them.
 *
 * A capture is a row of datagrams, each behind its length in four little-endian bytes.
 */
import { readFileSync } from "node:fs"
import { concat, u32h } from "../../src/core/wire/codec.ts"
import { type Datagram, datagram } from "../../src/core/wire/message.ts"

const folder = `${import.meta.dir}/../fixtures/wire`

export const capturePath = (name: string, extension: "bin" | "md"): string => `${folder}/${name}.${extension}`

export const writeCapture = (datagrams: readonly Uint8Array[]): Uint8Array =>
  concat(datagrams.flatMap((one) => [u32h.write(one.length), one]))

/** The datagrams of a capture, each in memory of its own, with the conversation its first message belongs to. */
export function readCapture(name: string): CapturedDatagram[] {
  const bytes = readFileSync(capturePath(name, "bin"))
  const datagrams: CapturedDatagram[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at)
    datagrams.push(captured(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return datagrams
}

export interface CapturedDatagram {
  readonly data: Datagram
  readonly length: number
  readonly expected: { readonly sequence: number; readonly portId: number }
}

/** The bytes as a datagram that answers the request of its first message. */
export function captured(bytes: Uint8Array): CapturedDatagram {
  const data = datagram(new Uint8Array(bytes))
  return { data, length: bytes.length, expected: { sequence: data.words[2] ?? 0, portId: data.words[3] ?? 0 } }
}
