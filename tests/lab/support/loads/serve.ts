/** A server that works: it takes what comes, or answers each request and closes. */
export function serve(options: {
  readonly port: number
  readonly address?: string
  /** Answer with so many bytes and close first; without it the server only reads. */
  readonly answerBytes?: number
}): void {
  const { port, address = "0.0.0.0", answerBytes } = options
  const answer = new Uint8Array(answerBytes ?? 0)
  Bun.listen<{ unsent: number }>({
    hostname: address,
    port,
    socket: {
      open(socket) {
        socket.data = { unsent: 0 }
      },
      data(socket) {
        if (answerBytes === undefined) return
        socket.data.unsent = answerBytes
        advance(socket)
      },
      drain: (socket) => advance(socket),
      error() {},
    },
  })
  function advance(socket: Bun.Socket<{ unsent: number }>) {
    if (socket.data.unsent === 0) return
    socket.data.unsent -= socket.write(answer, answer.length - socket.data.unsent, socket.data.unsent)
    if (socket.data.unsent === 0) socket.end()
  }
}
