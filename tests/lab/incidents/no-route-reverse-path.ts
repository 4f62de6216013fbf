import { counter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "Packets come in by a device that the way back would not take, and the reverse path filter drops them.",
  kind: "incident",
  topology: {
    networks: [{ hosts: ["observed", "peer"] }, { hosts: ["observed", "other"] }],
  },
  arrange: (lab) => {
    lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/lan0/rp_filter")
    lab.sh("observed", `ip route add 10.77.0.0/16 via ${lab.address("other", 1)}`)
  },
  fault: (lab) =>
    lab.run("peer", "lab-asymmetric", "raw", {
      kind: "datagram",
      source: "10.77",
      to: lab.address("observed", 0),
      port: 9000,
      perSecond: 50,
    }),
  proofs: [counter("TcpExt.IPReversePathFilter", { rises: 50 })],
  expects: () => [{ id: "no-route" }],
  mustNot: ["udp-no-port", "firewall-drops"],
})
