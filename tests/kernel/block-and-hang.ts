/** Places a block, says so, and waits to be killed. */
import { parseTarget } from "../../src/core/mitigation/target.ts"
import { blockPeer } from "../../src/shell/kernel/firewall.ts"

const [text = "", durationMs = ""] = process.argv.slice(2)
const target = parseTarget(text)
if (!target.ok) throw new Error(target.reason)
await blockPeer({
  id: "00000000",
  target: target.value,
  startedAt: Date.now(),
  durationMs: Number(durationMs),
  by: "test",
})
console.log("placed")
setInterval(() => {}, 1_000)
