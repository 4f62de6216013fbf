import { counter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "The observed host forwards into a link that takes less than its senders send, and tells them so.",
  kind: "incident",
  topology: {
    networks: [
      { hosts: ["sender", "observed"], isCut: true },
      { hosts: ["observed", "peer"], isCut: true },
    ],
    router: "observed",
  },
  async arrange(lab) {
    lab.sh("observed", "ip link set lan1 mtu 1300")
    await lab.run("peer", "lab-sink", "hold-datagrams", { port: 9000, reads: true })
  },
  fault: (lab) =>
    lab.run("sender", "lab-tunnel", "datagrams", {
      to: [lab.address("peer")],
      port: 9000,
      bytes: 1400,
      perSecond: 50,
      isUncut: true,
    }),
  proofs: [counter("Ip.FragFails", { rises: 50 })],
  expects: () => [{ id: "mtu-mismatch" }],
  mustNot: ["path-mtu-black-hole", "fragments-lost"],
})
