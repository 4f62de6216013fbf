import { figure } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "The driver of a device throws away one in ten of the packets that arrive.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-metrics", "hold-datagrams", { port: 8125, reads: true }),
  fault: (lab) =>
    lab.run("observed", "lab-card", "card", {
      device: "card0",
      address: "10.81.0.1",
      sender: "10.81.0.2",
      port: 8125,
      perSecond: 800,
      dropsOneIn: 10,
    }),
  proofs: [
    figure("/sys/class/net/card0/statistics/rx_dropped", { rises: 80 }),
    figure("/sys/class/net/card0/statistics/rx_packets", { rises: 800 }),
  ],
  expects: () => [{ id: "nic-receive-loss", culprit: { interface: "card0" } }],
  mustNot: ["udp-receive-loss", "softnet-drops", "link-errors"],
})
