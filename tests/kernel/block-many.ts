/** Blocks many peers one after the other, says so, and lifts them one after the other when its input ends. */
import { parseTarget, type Target } from "../../src/core/mitigation/target.ts"
import { blockPeer, unblockPeer } from "../../src/shell/kernel/firewall.ts"

const [prefix = "", count = ""] = process.argv.slice(2)
const targets = Array.from({ length: Number(count) }, (_, n): Target => {
  const target = parseTarget(`${prefix}.${n + 1}:80`)
  if (!target.ok) throw new Error(target.reason)
  return target.value
})
for (const [n, target] of targets.entries())
  await blockPeer({
    id: n.toString(16).padStart(8, "0"),
    target,
    startedAt: Date.now(),
    durationMs: 60_000,
    by: "test",
  })
console.log("placed")
await Bun.stdin.text()
for (const target of targets) {
  const lifted = await unblockPeer(target)
  if (lifted.length !== 1) throw new Error(`lifted ${lifted.length} blocks instead of one`)
}
