import { describe, expect, test } from "bun:test"
import {
  judgeWorker,
  parseActiveState,
  parseRecord,
  RECORD_BYTES,
  type WorkerRecord,
  writeActiveState,
  writeRecord,
} from "../../../src/core/daemon/worker-record.ts"

const record: WorkerRecord = {
  pid: 77,
  data_dir: "/d",
  pid_file: "/d/daemon.pid",
  lock_file: "/d/.daemon.lock",
  started_at: "2026-03-08T12:56:30+07:00",
  process_start: 4242,
  boot_id: "b",
  arguments: ["--interval=5"],
  errors: [],
  missing: [],
}
const found = { startTime: 4242, hasEnded: false }

describe("a worker runs", () => {
  test.each([
    ["when everything agrees", {}, "running"],
    ["not without its lock", { isLockHeld: false }, "stopped"],
    ["not as another process with its pid", { found: { ...found, startTime: 4243 } }, "unknown holder"],
    ["not as a zombie", { found: { ...found, hasEnded: true } }, "unknown holder"],
    ["not as nobody", { found: undefined }, "unknown holder"],
    ["not since another boot", { bootId: "c" }, "unknown holder"],
    ["not when the boot cannot be read", { bootId: undefined }, "unknown holder"],
    ["not by a torn record", { record: undefined }, "unknown holder"],
    ["not by a record without a start", { record: { ...record, process_start: undefined } as never }, "unknown holder"],
  ] as const)("%s", (_, change, verdict) => {
    expect(judgeWorker({ isLockHeld: true, record, found, bootId: "b", ...change })).toBe(verdict)
  })
})

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe("the record", () => {
  test("comes back, whatever its length, and always fills the same bytes", () => {
    const long = { ...record, errors: Array.from({ length: 50 }, (_, i) => `${i} ${"x".repeat(5000)}`) }
    for (const one of [record, long]) {
      const bytes = writeRecord(one)
      expect(bytes).toHaveLength(RECORD_BYTES)
      expect(parseRecord(text(bytes))).toMatchObject({ pid: 77, process_start: 4242, boot_id: "b" })
    }
    expect(parseRecord(text(writeRecord(record)))).toEqual(record)
    expect(parseRecord(text(writeRecord(long)))?.errors).toHaveLength(8)
  })

  test("that would not fit leaves out the flags", () => {
    const flags = { ...record, arguments: ["x".repeat(9_000)] }
    expect(parseRecord(text(writeRecord(flags)))).not.toHaveProperty("arguments")
  })

  test("is nothing when it is torn", () => {
    const whole = text(writeRecord(record)).trimEnd()
    for (let cut = 0; cut < whole.length; cut++) expect(parseRecord(whole.slice(0, cut))).toBeUndefined()
    for (const other of ["null", "7", "[]", "{}", '{"pid":0}', `${whole}${whole}`])
      expect(parseRecord(other)).toBeUndefined()
  })
})

describe("the state file", () => {
  test("holds who and where, and not how it goes", () => {
    const state = JSON.parse(writeActiveState({ ...record, lines: 9, retention_hours: 24 }))
    expect(Object.keys(state)).toEqual([
      "pid",
      "data_dir",
      "pid_file",
      "lock_file",
      "retention_hours",
      "started_at",
      "process_start",
      "boot_id",
    ])
  })

  test("of the older program is read, and names nobody for sure", () => {
    const old = parseActiveState(
      '{"pid":77,"data_dir":"/d","pid_file":"/p","log_file":"/l","lock_file":"/k","retention_hours":168,"started_at":"x"}',
    )
    expect(old).toMatchObject({ pid: 77, data_dir: "/d" })
    expect(judgeWorker({ isLockHeld: true, record: old, found, bootId: "b" })).toBe("unknown holder")
  })
})
