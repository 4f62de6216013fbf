/** Addresses with their first half hidden, for screens that are shown to others. */

/** `192.0.2.15` becomes `xxx.xxx.2.15`; the first two non-empty groups of IPv6 become `xxxx`. Other text is unchanged. */
export function maskAddress(address: string): string {
  if (address.includes(":")) {
    let hidden = 0
    return address
      .split(":")
      .map((group) => (group !== "" && hidden++ < 2 ? "xxxx" : group))
      .join(":")
  }
  return address.replace(/^\d+\.\d+\.(\d+\.\d+)$/, "xxx.xxx.$1")
}

// IPv6 in a sentence: a time of day has colons too, but neither two in a row nor seven.
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g
const IPV6 = /(?<![\w:.])(?=[\da-fA-F:.]*::|(?:[\da-fA-F]+:){7})[\da-fA-F:]+(?:\.\d+){0,3}(?![\w:])/g

/** A sentence with the first half of every address in it hidden. */
export const maskAddresses = (text: string): string =>
  text.replace(IPV6, (address) => maskAddress(address)).replace(IPV4, (address) => maskAddress(address))
