import { expect } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeSystemLog } from "../../src/shell/kernel/system-log.ts"
import { requires } from "../support/requirements.ts"

const RECEIVER = `use Socket; $| = 1; socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un(shift)) or die "bind: $!";
  print "ready\\n"; recv($s, my $line, 2000, 0); print "$line\\n"`

requires({ tools: ["perl"] })(
  "a line reaches the system's log under our name; without a log it is not waited for",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "holyf-test-"))
    const path = join(folder, "log")
    try {
      expect(writeSystemLog("nobody listens", path)).toBe(false)
      const receiver = Bun.spawn(["perl", "-e", RECEIVER, path], { stdout: "pipe", stderr: "ignore" })
      const lines = receiver.stdout[Symbol.asyncIterator]()
      await lines.next()
      expect(writeSystemLog("uid=0 block 203.0.113.7: done", path)).toBe(true)
      const { value } = await lines.next()
      // authpriv.notice is 10 * 8 + 5 (RFC 5424).
      expect(new TextDecoder().decode(value)).toBe(`<85>holyf-network[${process.pid}]: uid=0 block 203.0.113.7: done\n`)
      await receiver.exited
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
