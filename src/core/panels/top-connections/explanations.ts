/** What stands in Top Connections, in words. The queues come first: they are what is asked about most. */
import type { Explanation } from "../../app/explanation.ts"
import { whyMeaning, whys } from "../../model/why.ts"

const verdicts = whys.map((why) => `${why}: ${whyMeaning[why]}`).join(". ")

export const explanations: readonly Explanation[] = [
  {
    words: ["SEND-Q", "RECV-Q", "QUEUE"],
    text: "SEND-Q: bytes in the kernel's send buffer that the peer has not acknowledged yet. High while TX/s is low: the peer or the path is slow. RECV-Q: bytes that arrived and that the program has not read yet. High: the program reads too slowly. A queue is a backlog at one moment and no throughput: 0 does not mean that nothing moves. QUEUE is both together, where there is no room for two.",
  },
  {
    words: ["TX/s", "RX/s", "TX+RX/s"],
    text: "Bytes a second that this connection sent and received between the last two looks: payload that the peer acknowledged, and payload received in order. – is not known, which is not 0: there was one look only, or the kernel counts no bytes in this state. ! is a counter that cannot be believed. Bytes of UDP and of forwarded connections come from connection tracking, with IP headers, and need net.netfilter.nf_conntrack_acct=1.",
  },
  {
    words: ["PROCESS"],
    text: "The process that holds the socket. name? is inferred: who had it before, or who listens on its port. - is not known: it belongs to another user and this program does not run as root, or no process has it any more (TIME_WAIT). ct/nat is traffic that this host only passes on, known from connection tracking: it has no process here.",
  },
  {
    words: ["UNIT"],
    text: "The systemd unit, container or pod of the process. Where it is in another network namespace than ours, the name of that stands in front.",
  },
  {
    words: ["SRC", "LPORT"],
    text: "The end on this host, or in a container of it. LPORT is its port alone, where there is no room for the address.",
  },
  {
    words: ["PEER"],
    text: "The other host. By connection with its port. Of a long address the middle is left out, never the port.",
  },
  {
    words: ["STATE", "ST"],
    text: "The TCP state. ESTABLISHED (EST) is up. CLOSE_WAIT (CW): the peer has closed and the program here has not, which is a fault of the program when it lasts. TIME_WAIT (TW): closed here, kept for a minute so that late packets meet nobody else; harmless. SYN_RECV (SR): half open; many of them may be a flood. FIN_WAIT1 (FW1) and LAST_ACK (LA): the peer does not answer the close. FIN_WAIT2 (FW2): the peer does not close its side. UDP has no states.",
  },
  {
    words: ["RTT"],
    text: "The round trip as the kernel measures it, smoothed: the way there and back, and the time that the peer takes to acknowledge. – was never measured.",
  },
  {
    words: ["WHY"],
    text: `Why the connection is not faster, from what the kernel measured between the last two looks. ${verdicts}.`,
  },
  {
    words: ["CONNS"],
    text: "By peer and process: how many connections the group has.",
  },
  {
    words: ["PORTS", "RPORTS"],
    text: "By peer and process: the ports that the peer uses of this host, or for outgoing connections those of the peer.",
  },
  {
    words: ["RPORT"],
    text: "In a replay: the port of the peer that this host uses. A record joins connections by peer, this port or LPORT, and process.",
  },
  {
    words: ["STATES"],
    text: "In a replay: how many connections of the row are in each TCP state, the most frequent first.",
  },
  {
    words: ["IN", "OUT"],
    text: "A connection is incoming when something on this host listens on its local address and port, else outgoing. o changes between them.",
  },
  {
    words: ["cover"],
    text: "How much of what the interface carried between the two looks the connections account for. Far below 100 %: traffic that is neither TCP nor tracked, or connections that were too short to be seen.",
  },
]
