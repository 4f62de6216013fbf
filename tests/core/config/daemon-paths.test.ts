import { describe, expect, test } from "bun:test"
import {
  absolutePath,
  type Caller,
  chooseDataDir,
  daemonPaths,
  settingsFile,
} from "../../../src/core/config/daemon-paths.ts"

const HOME = "/homes/ann"
const user: Caller = { isRoot: false, home: HOME, folder: "/srv/a", env: {} }
const root: Caller = { ...user, isRoot: true }

test.each([
  ["/a/b", "/a/b"],
  ["  /a//b/./c/../d/ ", "/a/b/d"],
  ["b", "/srv/a/b"],
  ["../b", "/srv/b"],
  ["../../../../b", "/b"],
  [".", "/srv/a"],
  ["/", "/"],
  ["~", HOME],
  ["~/b", `${HOME}/b`],
  ["~bob/b", "/srv/a/~bob/b"],
  ["$HOME/b", "/srv/a/$HOME/b"],
])("%p is %p", (path, expected) => expect(absolutePath(path, user)).toBe(expected))

describe("without HOME", () => {
  const homeless: Caller = { ...user, home: undefined }
  test("root has its folders", () => {
    for (const home of [undefined, ""])
      expect(daemonPaths({ ...root, home }, {})).toEqual({
        dataDir: "/var/lib/holyf-network/snapshots",
        pidFile: "/var/lib/holyf-network/snapshots/daemon.pid",
        lockFile: "/var/lib/holyf-network/snapshots/.daemon.lock",
        logFile: "/var/log/holyf-network/daemon.log",
        stateFile: "/run/holyf-network/daemon.state",
      })
  })

  test("others are told what to do", () => {
    expect(() => daemonPaths(homeless, {})).toThrow("HOME is not set. Name one with --data-dir")
    expect(() => absolutePath("~/a", homeless)).toThrow("HOME is not set")
  })
})

describe("paths", () => {
  test("of a user are at home", () => {
    expect(daemonPaths(user, {})).toEqual({
      dataDir: `${HOME}/.holyf-network/snapshots`,
      pidFile: `${HOME}/.holyf-network/snapshots/daemon.pid`,
      lockFile: `${HOME}/.holyf-network/snapshots/.daemon.lock`,
      logFile: `${HOME}/.holyf-network/snapshots/daemon.log`,
      stateFile: `${HOME}/.holyf-network/daemon.state`,
    })
  })

  test("that were named are used, made absolute", () => {
    const named = { dataDir: "snaps", pidFile: "~/p", logFile: "../l" }
    expect(daemonPaths(user, named)).toMatchObject({
      dataDir: "/srv/a/snaps",
      pidFile: `${HOME}/p`,
      lockFile: "/srv/a/snaps/.daemon.lock",
      logFile: "/srv/l",
    })
  })

  test("come from the environment for the state and the settings", () => {
    const env = { HOLYF_NETWORK_DAEMON_STATE_FILE: " s ", HOLYF_NETWORK_DAEMON_CONFIG_FILE: "~/c.json" }
    expect(daemonPaths({ ...root, env }, {}).stateFile).toBe("/srv/a/s")
    expect(settingsFile({ ...root, env })).toBe(`${HOME}/c.json`)
    const blank = { HOLYF_NETWORK_DAEMON_STATE_FILE: " ", HOLYF_NETWORK_DAEMON_CONFIG_FILE: "" }
    expect(daemonPaths({ ...root, env: blank }, {}).stateFile).toBe("/run/holyf-network/daemon.state")
    expect(settingsFile({ ...user, env: blank })).toBe("/etc/holyf-network/daemon.json")
  })
})

test.each([
  ["typed wins", { typed: "x", active: "/act", file: "/f" }, "/srv/a/x", "--data-dir"],
  [
    "a pid file does not mean the worker that runs",
    { hasPidFile: true, active: "/act", file: "/f" },
    "/f",
    "daemon.json",
  ],
  ["the worker that runs", { active: "/act", file: "/f" }, "/act", "running worker"],
  ["the file", { file: "f" }, "/srv/a/f", "daemon.json"],
  ["the default", {}, `${HOME}/.holyf-network/snapshots`, "default"],
] as const)("which data directory: %s", (_, known, dataDir, source) => {
  expect(chooseDataDir(user, known)).toEqual({ dataDir, source })
})
