/** The built program as a worker: it starts itself, works without the renderer, and ends. */
import { expect } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { temporaryFolder } from "../support/folder.ts"
import { requires } from "../support/requirements.ts"

requires({ root: true })(
  "start, status, stop",
  async () => {
    using folder = temporaryFolder()
    const data = join(folder.path, "data")
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: folder.path,
      HOLYF_NETWORK_DAEMON_STATE_FILE: join(folder.path, "run/daemon.state"),
      HOLYF_NETWORK_DAEMON_CONFIG_FILE: join(folder.path, "daemon.json"),
    }
    writeFileSync(
      env.HOLYF_NETWORK_DAEMON_CONFIG_FILE,
      JSON.stringify({ "data-dir": data, "log-file": join(folder.path, "log") }),
    )
    const run = (...words: string[]) => {
      const { stdout, stderr, exitCode } = Bun.spawnSync([builtBinary(), "daemon", ...words], { env, cwd: folder.path })
      return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode }
    }
    expect(run("status").exitCode).toBe(3)
    const started = run("start")
    expect(started).toMatchObject({ stderr: "", exitCode: 0 })
    const pid = Number(readFileSync(join(data, "daemon.pid"), "utf8"))
    expect(started.stdout).toStartWith(`daemon started (pid=${pid})\n`)
    expect(readFileSync(`/proc/${pid}/maps`, "utf8")).not.toContain("opentui")
    expect(JSON.parse(run("status", "--json").stdout)).toMatchObject({ running: true, pid, lines: 1 })
    expect(run("start")).toMatchObject({ stdout: "", exitCode: 1, stderr: expect.stringContaining(`pid=${pid}`) })
    expect(run("stop")).toMatchObject({ stderr: "", exitCode: 0 })
    expect(existsSync(join(data, "daemon.pid"))).toBe(false)
    expect(run("status").exitCode).toBe(3)
    expect(run("unit").stdout).toContain(`ExecStart=${builtBinary()} daemon run\n`)
  },
  120_000,
)
