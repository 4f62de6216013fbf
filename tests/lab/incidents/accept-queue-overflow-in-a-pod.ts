import { counter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "The server that does not accept is in another namespace of the host, as a pod's is.",
  kind: "incident",
  topology: { networks: [{ hosts: ["observed", "pod"] }] },
  arrange: (lab) => lab.run("pod", "lab-pod-api", "hold", { port: 8080, backlog: 4, accepts: false }),
  fault: (lab) =>
    lab.run("observed", "lab-client", "connect", { to: lab.address("pod"), port: 8080, perSecond: 20, ending: "keep" }),
  proofs: [counter("TcpExt.ListenOverflows", { rises: 20 }, "pod")],
  expects: (lab) => [
    { id: "accept-queue-overflow", culprit: { process: "lab-pod-api", pid: lab.load("lab-pod-api").pid, port: 8080 } },
  ],
  // The client is in view here as well, and its connections to the pod are without an answer.
  tolerates: ["upstream-unreachable"],
  mustNot: ["syn-flood", "path-loss"],
  observer: { scope: "all" },
})
