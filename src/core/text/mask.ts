/**
 * Addresses hidden for screens that are shown to others.
 *
 * What is hidden has an alias of some letters in its place, so that two peers stay two and one stays itself from look to
 * look. The alias comes from a number that each session draws anew: without it nobody can try which address it was.
 */

/** The session's number while addresses are hidden; undefined shows them as they are. */
export type Mask = number | undefined

// None of them is a hexadecimal digit, so an alias is no address, nor an x.
const letters = "ghijkmnopqrstuvwyz"

/** FNV-1a with the finalizer of MurmurHash3: each letter depends on all of the text and of the number. */
function hash(text: string, seed: number): number {
  let h = (2_166_136_261 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619)
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function alias(hidden: string, mask: number, length: number): string {
  let rest = hash(hidden, mask)
  let out = ""
  for (let i = 0; i < length; i++) {
    out += letters[rest % letters.length]
    rest = Math.floor(rest / letters.length)
  }
  return out
}

/**
 * `192.0.2.15` becomes `xxx.kqz.2.15`, where `kqz` stands for the first half; of IPv6 only the last group is left:
 * `xxxx:kqzt::7348`. Other text is unchanged.
 */
export function maskAddress(address: string, mask: Mask): string {
  if (mask === undefined) return address
  if (address.includes(":")) {
    if (!/^[\da-f:.]+$/i.test(address)) return address
    const end = address.lastIndexOf(":")
    const last = address.slice(end + 1)
    return `xxxx:${alias(address.slice(0, end), mask, 4)}::${last.includes(".") ? "" : last}`
  }
  return address.replace(
    /^(\d+\.\d+)\.(\d+\.\d+)$/,
    (_, first: string, last: string) => `xxx.${alias(first, mask, 3)}.${last}`,
  )
}

// IPv6 in a sentence: a time of day has colons too, but neither two in a row nor six.
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g
const IPV6 =
  /(?<![\w:.])(?=[\da-fA-F:.]*::|(?:[\da-fA-F]+:){7}|(?:[\da-fA-F]+:){6}\d+\.)[\da-fA-F:]+(?:\.\d+){0,3}(?![\w:])/g

/** A sentence with every address in it hidden. */
export const maskAddresses = (text: string, mask: Mask): string =>
  mask === undefined
    ? text
    : text.replace(IPV6, (address) => maskAddress(address, mask)).replace(IPV4, (address) => maskAddress(address, mask))
