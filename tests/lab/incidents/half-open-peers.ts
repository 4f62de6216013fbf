import { infoField, tcpInfo } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "The cable of a peer is pulled behind the switch: its connections stay, with data that nobody acknowledges.",
  kind: "incident",
  topology: { networks: [{ hosts: ["observed", "peer"], hasSwitch: true }] },
  async arrange(lab) {
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
    await lab.run("observed", "lab-feed", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: 3,
      bytesPerSecond: 1000,
      seconds: 100,
    })
    // The neighbour stays known, as behind a real router; else the host would soon say so by itself.
    const { address } = JSON.parse(lab.sh("peer", "ip -j link show lan0"))[0] as { address: string }
    lab.sh("observed", `ip neigh replace ${lab.address("peer")} lladdr ${address} dev lan0`)
    await Bun.sleep(500)
  },
  fault: (lab) => lab.sh("peer", "ip link set lan0 down"),
  proofs: [
    tcpInfo(
      "connections with unacknowledged data and no answer for 30 s",
      "state established dport = :9000",
      { reaches: 3 },
      (line) => infoField(line, "unacked") > 0 && infoField(line, "lastack") > 30_000,
    ),
  ],
  proofSeconds: 45,
  expects: (lab) => [{ id: "half-open-peers", culprit: { peer: lab.address("peer"), process: "lab-feed" } }],
  mustNot: ["path-mtu-black-hole", "peer-reads-slowly", "link-errors"],
})
