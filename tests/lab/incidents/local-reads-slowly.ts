import { reading } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A program of the observed host stops reading, and what its peer sends stays in the kernel.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-stuck", "hold", { port: 9000, accepts: true }),
  fault: (lab) =>
    lab.run("peer", "lab-upload", "send", {
      to: [lab.address("observed")],
      port: 9000,
      connections: 2,
      bytesPerSecond: 8_000_000,
    }),
  proofs: [
    reading("bytes in the receive queues of port 9000", { reaches: 100_000 }, (lab) =>
      lab
        .sh("observed", "ss -tnH state established sport = :9000")
        .split("\n")
        .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0] ?? 0), 0),
    ),
  ],
  expects: (lab) => [
    { id: "local-reads-slowly", culprit: { process: "lab-stuck", pid: lab.load("lab-stuck").pid, port: 9000 } },
  ],
  mustNot: ["peer-reads-slowly", "tcp-memory-pressure", "close-wait-leak"],
})
