/** What a program says while it runs, without waiting for whoever it left behind. */

/** Who inherited the program's output may hold it open for as long as it lives: it is not waited for longer than this. */
const STRAGGLER_MS = 2_000

/** Passes on what comes, and keeps it. `end`, once the program has ended, waits for the last of it and answers all. */
export function listenTo(stream: ReadableStream<Uint8Array>, passOn: (bytes: Uint8Array) => void) {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let said = ""
  const reading = (async () => {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      passOn(value)
      said += decoder.decode(value, { stream: true })
    }
  })()
  return {
    async end(stragglerMs = STRAGGLER_MS): Promise<string> {
      await Promise.race([reading, Bun.sleep(stragglerMs)])
      await reader.cancel()
      return said
    },
  }
}
