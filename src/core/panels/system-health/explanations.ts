/** What stands in System Health, in words. */
import type { Explanation } from "../../app/explanation.ts"

export const explanations: readonly Explanation[] = [
  {
    words: ["HEALTH"],
    text: "The worst of everything that is judged. UNKNOWN says that something could not be judged: it is not OK. From which value on a figure is WARN or CRIT stands in the thresholds file.",
  },
  {
    words: ["Connection states"],
    text: "How many sockets are in each TCP state, listeners included; s turns the order. A count that is too high is coloured and says what it may mean.",
  },
  {
    words: ["Retransmits", "retrans"],
    text: "TCP segments that were sent again, a second, and as a share of the data segments sent. From 2 % on something is lost on the way, from 5 % on users notice; the thresholds file may say otherwise. It is a figure of the whole host, loopback included.",
  },
  {
    words: ["LOW SAMPLE"],
    text: "Too few connections or segments for a verdict: one lost packet of ten says nothing. It is no fault.",
  },
  {
    words: ["Interface"],
    text: "What the whole device carries, whoever it belongs to: RX is received, TX is sent, each read every second, with the last minute as bars (each row has its own height, and – is a time that was not read). The first second is only something to compare with. Much more here than in the rows of Top Connections: connections shorter than the time between two looks, or traffic of other protocols.",
  },
  {
    words: ["packets"],
    text: "Packets a second of the device. Many packets with few bytes are small packets; many bytes with few packets are large transfers.",
  },
  {
    words: ["speed"],
    text: "What the device says that its link carries, and how much of that the fuller direction uses. Virtual devices do not say it.",
  },
  {
    words: ["SPIKE"],
    text: "The device carries much more than its average, or most of its link. Nothing is said while it does not.",
  },
  {
    words: ["errors", "drops"],
    text: "Counted since the device came up, so an old fault stays in the total; what happens now is said with its rate.",
  },
  {
    words: ["Conntrack", "conntrack"],
    text: "Connections that the kernel tracks for its firewall and translation, of how many there may be. When the table is full, new connections are dropped. A high share without drops is pressure and no failure yet.",
  },
  {
    words: ["Not seen"],
    text: "What could not be looked at and why: with it, figures may be too low.",
  },
  {
    words: ["this tool", "host load"],
    text: "What this program itself takes of a core and of memory, between the last two looks; and the host's load averages over 1, 5 and 15 minutes.",
  },
]
