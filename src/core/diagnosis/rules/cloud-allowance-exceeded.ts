/** The cloud limits this machine and drops what is above. Its counters stand in the driver, which is not asked yet. */
import { unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const cloudAllowanceExceeded: Rule = {
  id: "cloud-allowance-exceeded",
  title: "The cloud drops packets above this machine's allowance",
  unit: "/s",
  per: "host",
  limits: limits(limit(1, 0)),
  measure: () => unmeasured("its counters stand in the network driver (ethtool -S), which is not read"),
  confidence: "high",
  meaning:
    "Cloud machines have an allowance of bytes, packets and tracked connections, and what is above is thrown away " +
    "outside of the machine. Nothing in the kernel's own counters shows it.",
  next: [
    "ethtool -S INTERFACE | grep allowance_exceeded",
    "a larger machine; for linklocal: fewer DNS and metadata requests (1,024 packets a second)",
  ],
  explains: ["path-loss", "interface-saturated", "dns-failing"],
  clearsWhen: "the counters stand still",
}
