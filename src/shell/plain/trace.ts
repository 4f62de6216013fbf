/** `holyf-network trace`: packets of a peer captured and judged, a capture file judged, or the traces made before. */
import { statSync } from "node:fs"
import { findingFields } from "../../core/export/diagnosis-json.ts"
import { selectNamespaces } from "../../core/sample/network-namespace.ts"
import { json } from "../../core/text/json.ts"
import { offsetOf } from "../../core/text/timestamp.ts"
import { harmless } from "../../core/text/width.ts"
import { asFindings } from "../../core/trace/as-finding.ts"
import { SNAP_LENGTH, type TraceForm } from "../../core/trace/filter.ts"
import type { TraceEntry } from "../../core/trace/history.ts"
import type { TraceOutcome } from "../../core/trace/outcome.ts"
import { traceJson, traceLines } from "../../core/trace/report.ts"
import { parseAddress } from "../../core/wire/address.ts"
import type { TraceRequest } from "../cli.ts"
import { resolveDataDir } from "../daemon/data-dir.ts"
import { usageFailure, worldFailure } from "../failure.ts"
import { readHistory } from "../files/trace-files.ts"
import { UnitNames } from "../look/units.ts"
import { NamespaceList } from "../namespaces.ts"
import { requireInterface } from "../required-interface.ts"
import { runTrace } from "../trace.ts"
import { chooseWay } from "../trace-preparation.ts"
import { readTraceFile } from "../trace-reading.ts"
import { complain, print } from "./output.ts"

/** Throws a `Failure` when no capture was made, or none can be read. */
export async function printTrace(asked: TraceRequest): Promise<void> {
  if (asked.kind === "trace-list") return printHistory(asked)
  const outcome = asked.kind === "trace-read" ? await readTraceFile(asked.file) : await captureAsked(asked)
  await printOutcome(outcome, asked.json)
}

async function printOutcome({ trace, verdict, about, notes }: TraceOutcome, isJson: boolean): Promise<void> {
  if (isJson) {
    const findings = asFindings({ verdict, about }).map((finding) => findingFields(finding, offsetOf(about.capturedAt)))
    await print([json(traceJson(trace, { ...verdict, notes: [...verdict.notes, ...notes] }, about, findings)), "\n"])
  } else await print(traceLines(trace, verdict, about).map((line) => `${line}\n`))
  for (const note of isJson ? [] : notes) await complain(`note: ${note}`)
}

type CaptureRequest = Extract<TraceRequest, { readonly kind: "trace" }>

async function captureAsked(asked: CaptureRequest): Promise<TraceOutcome> {
  const namespace = asked.netns === undefined ? undefined : findNamespace(asked.netns)
  const peer = parseAddress(asked.peer)!
  const way = await chooseWay(peer, { isInNamespace: namespace !== undefined })
  const form: TraceForm = {
    peer: asked.peer,
    ...(asked.port === undefined ? {} : { port: asked.port }),
    interfaceName: await chosenInterface(asked, way.interfaceName),
    mode: asked.filter === undefined ? "general" : "custom",
    strategy: asked.port === undefined ? "peer-only" : "peer-port",
    direction: "any",
    seconds: asked.seconds,
    packets: asked.packets,
    snapLength: SNAP_LENGTH,
    isSaved: true,
    clause: asked.filter ?? "",
    ...(way.gateway === undefined ? {} : { gateway: way.gateway }),
    ...(way.aliases === undefined ? {} : { aliases: way.aliases }),
  }
  const stop = new AbortController()
  // The first Ctrl+C ends the capture, the second one the program.
  const stopEarly = () => stop.abort()
  process.once("SIGINT", stopEarly)
  process.once("SIGTERM", stopEarly)
  try {
    return await runTrace(
      {
        form,
        ...(namespace === undefined ? {} : { namespace }),
        dataDir: await dataDirOf(asked),
        ...(asked.write === undefined ? {} : { writeTo: asked.write }),
      },
      {
        stop: stop.signal,
        onListening: () => {
          if (process.stderr.isTTY)
            void complain(`capturing on ${form.interfaceName} for ${form.seconds} s; Ctrl+C ends it early`)
        },
      },
    )
  } finally {
    process.off("SIGINT", stopEarly)
    process.off("SIGTERM", stopEarly)
  }
}

/** Throws a `Failure` when none can be derived. */
async function dataDirOf({ dataDir: typed }: { readonly dataDir?: string }): Promise<string> {
  const { dataDir, note } = resolveDataDir(typed)
  if (note !== undefined) await complain(`warning: ${note}`)
  return dataDir
}

/** An interface of another namespace is not ours to check. */
async function chosenInterface({ interface: name, netns }: CaptureRequest, way: string): Promise<string> {
  if (name === undefined) return way
  return name === "any" || netns !== undefined ? name : requireInterface(name)
}

/** Throws a `Failure` when there is none. */
function findNamespace(name: string): { readonly path: string; readonly name: string } {
  if (name.includes("/") || name === "." || name === "..")
    throw usageFailure(`--netns takes a name or a process id, not ${JSON.stringify(name)}`)
  const paths = [
    `/run/netns/${name}`,
    `/var/run/docker/netns/${name}`,
    ...(/^\d{1,10}$/.test(name) ? [`/proc/${name}/ns/net`] : []),
  ]
  const path = paths.find((candidate) => {
    try {
      statSync(candidate)
      return true
    } catch {
      return false
    }
  })
  const known = path ?? pathOfKnown(name)
  if (known === undefined)
    throw worldFailure(`there is no network namespace ${harmless(name)}; ip netns list shows those with a name`)
  return { path: known, name }
}

/** By what the rows of `connections` call it: its container, or its number. */
function pathOfKnown(name: string): string | undefined {
  const units = new UnitNames()
  const all = new NamespaceList({ unitOf: (pid) => units.containerOf(pid) }).look()
  return selectNamespaces(all, { name }).find((namespace) => namespace?.path !== undefined)?.path
}

// ---- history -------------------------------------------------------------------------------------------------------

const SHOWN = 20

async function printHistory(asked: Extract<TraceRequest, { readonly kind: "trace-list" }>): Promise<void> {
  const dataDir = await dataDirOf(asked)
  const { entries, notes } = readHistory(dataDir)
  const latest = entries.toReversed()
  if (asked.json) await print([json({ data_dir: dataDir, traces: latest }), "\n"])
  else if (latest.length === 0)
    await print([`No trace yet in ${harmless(dataDir)}. Make one: sudo holyf-network trace PEER[:PORT]\n`])
  else
    await print([...latest.slice(0, SHOWN).flatMap(entryLines), ...moreLine(latest.length)].map((line) => `${line}\n`))
  for (const note of notes) await complain(`note: ${note}`)
}

const moreLine = (total: number) => (total > SHOWN ? [`and ${total - SHOWN} older ones; --json prints all`] : [])

const known = (value: number) => (value < 0 ? "n/a" : `${value}`)

function entryLines(e: TraceEntry): string[] {
  const time = e.captured_at.slice(0, 19).replace("T", " ")
  const target = `${e.peer_ip}:${e.port === 0 ? "peer-only" : e.port}`
  const counters = `cap=${known(e.captured)}${e.captured_estimated === true ? " (est.)" : ""} drop=${known(e.dropped_by_kernel)} rst=${e.rst_count}`
  return [
    `${time} ${e.severity.padEnd(4)} ${e.issue} | ${target}`,
    `    status=${e.status} mode=${e.mode} dir=${e.direction} scope=${e.scope} ${counters} conf=${e.confidence}`,
    ...(e.pcap_path === undefined ? [] : [`    ${e.pcap_path}`]),
  ].map(harmless)
}
