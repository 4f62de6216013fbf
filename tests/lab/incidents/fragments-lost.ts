import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Datagrams arrive of which only the first fragment ever comes.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/ipfrag_time"),
  fault: (lab) =>
    lab.run("peer", "lab-broken", "raw", {
      kind: "lone-fragment",
      source: lab.address("peer"),
      to: lab.address("observed"),
      port: 2049,
      perSecond: 60,
    }),
  proofs: [counter("Ip.ReasmFails", { rises: 60 }), counter("Ip.ReasmTimeout", { rises: 60 })],
  expects: () => [{ id: "fragments-lost" }],
  mustNot: ["mtu-mismatch", "checksum-errors"],
})
