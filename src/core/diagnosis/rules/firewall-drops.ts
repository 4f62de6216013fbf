/** This host's own firewall drops packets of connections that are in trouble. */
import type { Evidence, Scope } from "../../model/evidence.ts"
import { count, perSecond } from "../../text/units.ts"
import { given, mean, measured, quiet, rate, stepLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

/** Many enough to speak for themselves. A public host drops some packets of scans all the time. */
const MANY = 10
const PAST_MS = 5_000

const dropped = ({ dropRules }: Scope, evidence: Evidence): number | undefined =>
  dropRules.ok
    ? rate(
        dropRules.value.reduce((sum, { packets: { before, after } }) => sum + after - before, 0),
        evidence,
      )
    : undefined

/** Connections that wait for packets which do not come. */
function isSomebodyWaiting({ survey }: Scope): boolean {
  if (!survey.ok) return false
  const { synSent, stalled, synReceived, blackHoles } = survey.value
  return synSent.count > 0 || stalled.count > 0 || synReceived.count > 0 || blackHoles.count > 0
}

export const firewallDrops: Rule = {
  id: "firewall-drops",
  title: "This host's firewall drops packets",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(0.3, 0.05)),
  gate: "10 packets a second, or connections that wait for packets; only rules with a counter can be seen",
  trace: { keepMs: PAST_MS, of: dropped },
  measure: (scope, evidence, past) =>
    given(scope.dropRules, (rules) => {
      // The repetitions of a SYN come seconds apart: one window alone may hold none.
      const average = mean(past, 0, Number.POSITIVE_INFINITY, evidence.at) ?? 0
      if (average === 0 || (average < MANY && !isSomebodyWaiting(scope))) return quiet
      const worst = rules.toSorted(
        (a, b) => b.packets.after - b.packets.before - (a.packets.after - a.packets.before),
      )[0]
      if (worst === undefined) return quiet
      const name = `${worst.family} ${worst.table} ${worst.chain} handle ${worst.handle}`
      return measured(average, {
        evidence: [
          `${perSecond(average)} packets in the last seconds`,
          stepLine(`rule ${name}`, worst.packets, evidence),
          `${count(rules.length)} rules that drop have a counter`,
        ],
        culprit: { rule: name },
        confidence: average >= MANY ? "high" : "medium",
      })
    }),
  confidence: "high",
  meaning:
    "A rule of this host's own firewall throws packets away, and connections here wait for packets that do not come. " +
    "The network is not the reason.",
  next: [
    "nft -a list ruleset: the rule {rule}",
    "is the rule meant for these packets? If it is, nothing is wrong here",
  ],
  explains: ["upstream-unreachable", "half-open-peers", "path-loss", "path-mtu-black-hole", "dns-failing"],
  clearsWhen: "the rule's counter stands still for five seconds",
}
