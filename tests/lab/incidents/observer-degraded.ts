import { reading } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "The program is run by a user who may not see whose the sockets are.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    await lab.run("observed", "lab-web", "hold", { port: 8080, accepts: true })
    await lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 100,
      count: 20,
      ending: "keep",
      isWhole: true,
    })
  },
  proofs: [
    reading("programs whose descriptors nobody may see", { reaches: 1 }, (lab) => {
      const { pid } = lab.load("lab-web")
      const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
      return lab.sh("observed", `${nobody} ls /proc/${pid}/fd >/dev/null 2>&1 && echo 0 || echo 1`).trim() === "1"
        ? 1
        : 0
    }),
  ],
  expects: () => [{ id: "observer-degraded" }],
  mustNot: ["descriptor-limit"],
  observer: { isUnprivileged: true },
})
