/** Programs that a test leaves behind hold nobody up, and do not outlive it. */
import { expect, test } from "bun:test"
import { join } from "node:path"
import { untilEnded } from "./dashboard.ts"
import { Helper } from "./helper.ts"
import { listenTo } from "./listen.ts"
import { requires } from "./requirements.ts"

test("what a program says is whole although somebody it left behind keeps its output open", async () => {
  const child = Bun.spawn(["sh", "-c", "echo first >&2; sleep 20 & echo $!; echo last >&2"], {
    stdout: "pipe",
    stderr: "pipe",
  })
  const passed: Uint8Array[] = []
  const listening = listenTo(child.stderr, (bytes) => passed.push(bytes))
  const left = child.stdout.getReader().read()
  await child.exited
  const began = performance.now()
  expect(await listening.end(200)).toBe("first\nlast\n")
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(Buffer.concat(passed).toString()).toBe("first\nlast\n")
  process.kill(Number(new TextDecoder().decode((await left).value)))
})

const needy = requires({ tools: ["setpriv"] })

needy("a helper ends when whoever started it is killed", async () => {
  const script = `
    import { Helper } from ${JSON.stringify(join(import.meta.dir, "helper.ts"))}
    const helper = await Helper.start(["sh", "-c", "echo ready; exec sleep 600"])
    console.log(helper.pid)
    setInterval(() => {}, 60_000)`
  const starter = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" })
  const { value } = await starter.stdout.getReader().read()
  starter.kill("SIGKILL")
  await untilEnded(Number(new TextDecoder().decode(value)))
  // The helper had none of its output.
  expect(await new Response(starter.stderr).text()).toBe("")
})

needy("a helper that ends early says why", async () => {
  await expect(Helper.start(["sh", "-c", "echo the reason >&2; exit 3"])).rejects.toThrow("the reason")
  await expect(Helper.start(["sh", "-c", "echo other; exec cat"])).rejects.toThrow("began with other")
})
