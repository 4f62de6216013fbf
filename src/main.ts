/**
 * The real world is put together here: what was asked, with which environment, on which terminal.
 *
 * Everything but the version is loaded when it is needed, so that no command pays for another: only the dashboard loads
 * the renderer.
 */
import type { Request } from "./shell/cli.ts"
import { scrubEnvironment } from "./shell/environment.ts"
import { versionLine } from "./shell/version.ts"

// Before anything can import the renderer, which reads its variables as it loads.
scrubEnvironment()

const words = process.argv.slice(2)
const [first] = words
if (words.length === 1 && (first === "-v" || first === "--version")) process.exit(await run({ kind: "version" }))
// Not for operators: what lifts blocks by iptables when nobody else is there to do it.
else if (words.length === 1 && first === "--guard-blocks")
  await (await import("./shell/tools/guardian.ts")).guardBlocks()
// Not for operators: what a trace starts, so that tcpdump never outlives it.
else if (first === "--exec-tcpdump")
  process.exit((await import("./shell/kernel/exec-tcpdump.ts")).execTcpdump(words[1] ?? ""))
else process.exit(await run((await import("./shell/cli.ts")).parseCommandLine(words)))

/** Does what was asked; answers the exit code. */
async function run(request: Request): Promise<number> {
  const { complain, print } = await import("./shell/plain/output.ts")
  const { exitCodes, Failure } = await import("./shell/failure.ts")
  // Monitoring systems read 1 and 2 as warning and critical: of a diagnosis every failure is "unknown".
  const isDiagnosis = request.kind === "diagnose" || (request.kind === "wrong" && request.command === "diagnose")
  const exitCodeOf = (code: number) => (isDiagnosis ? exitCodes.unknown : code)
  try {
    switch (request.kind) {
      case "wrong":
        await complain(request.reason)
        return exitCodeOf(exitCodes.usage)
      case "version":
        await print([`${versionLine}\n`])
        return exitCodes.ok
      case "help":
        await print([(await import("./shell/help.ts")).helpText(request.command)])
        return exitCodes.ok
      case "list-interfaces":
        await (await import("./shell/plain/list-interfaces.ts")).printInterfaces()
        return exitCodes.ok
      case "connections":
        await (await import("./shell/plain/connections.ts")).printConnections(request)
        return exitCodes.ok
      case "snapshot":
        await (await import("./shell/plain/snapshot.ts")).printSnapshot(request)
        return exitCodes.ok
      case "daemon start":
        return await (await import("./shell/daemon/start.ts")).startDaemon(request)
      case "daemon run":
        return await (await import("./shell/daemon/run.ts")).runDaemon(request)
      case "daemon status":
        return await (await import("./shell/daemon/status.ts")).printStatus(request)
      case "daemon stop":
        return await (await import("./shell/daemon/stop.ts")).stopDaemon(request)
      case "daemon restart": {
        const { parseCommandLine } = await import("./shell/cli.ts")
        return await (await import("./shell/daemon/stop.ts")).restartDaemon(request, (former) => {
          const parsed = parseCommandLine(["daemon", "start", ...former])
          return parsed.kind === "daemon start" ? parsed : undefined
        })
      }
      case "daemon prune":
        return await (await import("./shell/daemon/prune-command.ts")).pruneHistory(request)
      case "daemon logs":
        return await (await import("./shell/daemon/logs.ts")).printLogs(request)
      case "daemon unit":
        await (await import("./shell/daemon/unit.ts")).printUnit()
        return exitCodes.ok
      case "block":
      case "kill":
        return await (await import("./shell/plain/mitigate.ts")).mitigate(request)
      case "unblock":
        return await (await import("./shell/plain/unblock.ts")).unblock(request)
      case "blocks":
        await (await import("./shell/plain/blocks.ts")).printBlocks(request)
        return exitCodes.ok
      case "replay":
      case "replay-list":
      case "replay-at":
      case "replay-search":
      case "replay-export":
        return await (await import("./shell/history/command.ts")).replayHistory(request)
      case "pods":
        return await (await import("./shell/plain/pods.ts")).printPods(request)
      case "trace":
      case "trace-read":
      case "trace-list":
        await (await import("./shell/plain/trace.ts")).printTrace(request)
        return exitCodes.ok
      case "diagnose":
        return await (await import("./shell/plain/diagnose.ts")).printDiagnosis(request)
      case "config-check":
        await (await import("./shell/plain/config-check.ts")).checkConfig(request)
        return exitCodes.ok
      case "live":
        return await (await import("./shell/dashboard.ts")).openDashboard(request)
    }
  } catch (error) {
    if (error instanceof Failure) {
      await complain(error.message)
      return exitCodeOf(error.exitCode)
    }
    // A fault of ours: the stack is what a report needs.
    process.stderr.write(`holyf-network: internal error: ${error instanceof Error ? error.stack : String(error)}\n`)
    return exitCodes.bug
  }
}
