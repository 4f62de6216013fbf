/** A link damages packets, or comes and goes. */
import type { Evidence, LinkRise, Scope } from "../../model/evidence.ts"
import { count, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const FLAP_MS = 60_000
/** Down and up twice. */
const FLAPS = 4

const errorsOf = ({ rises: { rxErrors = 0, txErrors = 0, crcErrors = 0 } }: LinkRise) =>
  Math.max(rxErrors + txErrors, crcErrors)

const changesOf = ({ links }: Scope): number | undefined =>
  links.ok ? links.value.reduce((sum, { rises }) => sum + (rises.carrierChanges ?? 0), 0) : undefined

export const linkErrors: Rule = {
  id: "link-errors",
  title: "A link has errors, or comes and goes",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "errors in 1% of the packets or at least 15 a second; or the carrier changed four times in a minute",
  trace: { keepMs: FLAP_MS, of: (scope) => changesOf(scope) },
  measure: (scope, evidence, past) =>
    given(scope.links, (links) => {
      const flaps = past.reduce((sum, { value }) => sum + value, 0)
      const worst = links.toSorted((a, b) => errorsOf(b) - errorsOf(a) || changes(b) - changes(a))[0]
      if (worst === undefined) return quiet
      const errors = errorsOf(worst)
      const { rxPackets = 0, txPackets = 0 } = worst.rises
      const isMany = errors > 0 && (errors >= 0.01 * (rxPackets + txPackets) || rate(errors, evidence) >= 15)
      const isFlapping = flaps >= FLAPS
      if (!isMany && !isFlapping) return quiet
      return measured(Math.max(isMany ? rate(errors, evidence) : 0, isFlapping ? 1 : 0), {
        evidence: errorLines(worst, flaps, evidence),
        culprit: { interface: worst.name },
      })
    }),
  confidence: "high",
  meaning:
    "Packets arrive damaged, or the link to the switch comes and goes. A cable, a connector or a port is usually the " +
    "reason.",
  next: [
    "ethtool {interface}: speed and duplex as they should be?",
    "ethtool -S {interface}: which errors; dmesg for the link",
    "change cable, transceiver or switch port",
  ],
  explains: ["path-loss", "half-open-peers", "no-route"],
  clearsWhen: "no error for two looks, and the carrier stays",
}

const changes = ({ rises }: LinkRise) => rises.carrierChanges ?? 0

const errorLines = (link: LinkRise, flaps: number, evidence: Evidence): readonly string[] => {
  const { rxErrors = 0, txErrors = 0, crcErrors = 0 } = link.rises
  return [
    `${count(rxErrors)} receive errors (${count(crcErrors)} checksum), ${count(txErrors)} send errors: ${perSecond(rate(errorsOf(link), evidence))}`,
    ...(flaps > 0 ? [`the carrier came or went ${count(flaps)} times within a minute`] : []),
  ]
}
