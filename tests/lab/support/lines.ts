/** The lines of a stream as they come; one that the end cut short counts too. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = parts.pop() ?? ""
    yield* parts
  }
  if (rest !== "") yield rest
}
