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

const IN_TEXT = /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*(?::[0-9a-fA-F]*){2,})(?![\w:])/g

/** Every address inside a sentence hidden. */
export const maskAddresses = (text: string): string => text.replace(IN_TEXT, maskAddress)
