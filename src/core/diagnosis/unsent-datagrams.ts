/** Datagrams that could not be sent are counted by `udp-no-port`; whatever stops all packets explains those alone. */
import type { Explained } from "./rule.ts"

export const unsentDatagrams: Explained = {
  id: "udp-no-port",
  when: (_, { evidence }) => !evidence.some((text) => text.includes("NoPorts ")),
}
