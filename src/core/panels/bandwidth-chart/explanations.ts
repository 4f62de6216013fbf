/** What stands in the charts, in words. */
import type { Explanation } from "../../app/explanation.ts"

export const explanations: readonly Explanation[] = [
  {
    words: ["RX", "TX"],
    text: "Bytes a second that the interface received and sent, whoever they belong to, read every second. The right edge is now. Each chart has its own scale, from 0 to a round number.",
  },
  {
    words: ["peak", "mean"],
    text: "Of the time that is shown, of the seconds that are known.",
  },
  {
    words: ["gaps"],
    text: "A time that was not read stays open and is no straight line: before the start, while the program was stopped, while the interface was away.",
  },
  {
    words: ["paused"],
    text: "The curves stand still with the screen. The seconds are counted meanwhile, and are there when it goes on.",
  },
  {
    words: ["warn", "crit", "link"],
    text: "From where on a second is called a spike by itself (60 % and 85 % of the link; 80 and 200 MB/s where its speed is not known), and what the link carries. For conntrack: the thresholds, and the size of the table. A line is drawn where the axis comes near it.",
  },
  {
    words: ["Retransmissions"],
    text: "TCP segments sent again, a second, of the whole host.",
  },
  {
    words: ["TCP connections up"],
    text: "Connections in ESTABLISHED and CLOSE_WAIT of our network namespace, as the kernel counts them.",
  },
  {
    words: ["Conntrack entries"],
    text: "Connections that the kernel tracks in our network namespace.",
  },
]
