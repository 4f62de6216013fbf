/**
 * A process that calls itself what it likes and holds a connection: `bun tests/support/masquerade.ts <port> <name>`,
 * the name in base64, since it may be bytes of any kind. Prints `ready`, and ends when its input does.
 */
import { writeFileSync } from "node:fs"
import net from "node:net"

const [port, name] = process.argv.slice(2)
// TASK_COMM_LEN: the kernel keeps fifteen bytes.
writeFileSync("/proc/self/comm", Buffer.from(name!, "base64"))
net.connect(Number(port), "127.0.0.1", () => console.log("ready"))
process.stdin.on("data", () => {}).on("end", () => process.exit(0))
