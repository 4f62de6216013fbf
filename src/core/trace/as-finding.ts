/** What a trace found, in the form of the diagnosis: with whom it is about, and when it ceases to count. */
import type { Finding } from "../diagnosis/finding.ts"
import type { TraceOutcome } from "./outcome.ts"

export function asFindings({ verdict, about }: Pick<TraceOutcome, "verdict" | "about">): readonly Finding[] {
  const { peer, port, interfaceName, netns = "host", capturedAt } = about
  const since = Date.parse(capturedAt ?? "")
  return verdict.findings.map((finding) => ({
    ...finding,
    since: Number.isNaN(since) ? 0 : since,
    culprit: {
      netns,
      ...(peer === undefined ? {} : { peer }),
      ...(port === undefined ? {} : { port }),
      ...(interfaceName === undefined ? {} : { interface: interfaceName }),
    },
    symptoms: [],
    clearsWhen: "another trace does not show it any more",
  }))
}

/** Findings about the capture itself say nothing about the peer. */
const ofCapture: ReadonlySet<string> = new Set(["capture-failed", "capture-loss", "no-packets"])

/** For the diagnosis of the host, where they stand beside what its own rules found. */
export const peerFindings = (outcome: Pick<TraceOutcome, "verdict" | "about">): readonly Finding[] =>
  asFindings(outcome)
    .filter(({ id }) => !ofCapture.has(id))
    .map((finding) => ({
      ...finding,
      id: `trace-${finding.id}`,
      title: `Trace: ${finding.title}`,
      clearsWhen: "five minutes have passed, or another trace does not show it any more",
    }))
