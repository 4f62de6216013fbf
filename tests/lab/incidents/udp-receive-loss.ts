import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A reader of datagrams sleeps, and its receive buffer overflows.",
  kind: "incident",
  topology: pair,
  arrange: (lab) =>
    lab.run("observed", "lab-statsd", "hold-datagrams", { port: 8125, reads: false, receiveBuffer: 16_384 }),
  fault: (lab) =>
    lab.run("peer", "lab-metrics", "datagrams", {
      to: [lab.address("observed")],
      port: 8125,
      bytes: 400,
      perSecond: 400,
    }),
  proofs: [counter("Udp.RcvbufErrors", { rises: 200 })],
  expects: (lab) => [
    { id: "udp-receive-loss", culprit: { process: "lab-statsd", pid: lab.load("lab-statsd").pid, port: 8125 } },
  ],
  mustNot: ["udp-no-port", "softnet-drops", "checksum-errors"],
})
