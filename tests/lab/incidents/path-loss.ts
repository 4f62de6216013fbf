import { counter, nftCounter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "One of three peers loses one packet in twenty on its way in.",
  kind: "incident",
  topology: { networks: [{ hosts: ["observed", "lossy", "clean", "other"], isCut: true }] },
  async arrange(lab) {
    const peers = ["lossy", "clean", "other"]
    for (const [i, peer] of peers.entries()) await lab.run(peer, `lab-sink-${i}`, "serve", { port: 9000 })
    await lab.run("observed", "lab-upload", "send", {
      to: peers.map((peer) => lab.address(peer)),
      port: 9000,
      connections: 1,
      bytesPerSecond: 600_000,
    })
  },
  fault: (lab) =>
    lab.sh(
      "lossy",
      `nft 'table inet lab { counter lost { }
        chain in { type filter hook prerouting priority 0;
          tcp dport 9000 numgen random mod 20 == 0 counter name lost drop; }; }'`,
    ),
  proofs: [nftCounter("lost", { rises: 20 }, "lossy"), counter("Tcp.RetransSegs", { rises: 20 })],
  expects: (lab) => [{ id: "path-loss", culprit: { peer: lab.address("lossy") } }],
  mustNot: ["reordering", "path-mtu-black-hole", "egress-queue-drops", "firewall-drops"],
})
