/** The question for the latest release, against a server of our own: each way in which it can go. */
import { describe, expect, test } from "bun:test"
import { latestRelease } from "../../src/shell/release.ts"

/** Asks a server that answers so; tells how often it was asked. */
async function ask(answer: () => Response | Promise<Response>, deadlineMs = 5_000) {
  let asked = 0
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      asked++
      return answer()
    },
  })
  const result = await latestRelease(server.url.href, deadlineMs).catch((error: Error) => error.message)
  return { result, asked }
}

test("answers the tag, with one request", async () => {
  expect(await ask(() => Response.json({ tag_name: "v1.2.0" }))).toEqual({ result: "v1.2.0", asked: 1 })
})

describe("says in one line what went wrong", () => {
  test.each([
    ["another status", () => new Response("no", { status: 403 }), /answered 403$/],
    ["no JSON", () => new Response("<html>"), /the answer names no release$/],
    ["no tag", () => Response.json({}), /the answer names no release$/],
    ["a redirect, which is not followed", () => Response.redirect("https://example.org/"), /redirect/i],
    ["an answer without an end", () => new Response(endless()), /longer than 256 KB$/],
  ] as const)("%s", async (_, answer, words) => {
    const { result, asked } = await ask(answer)
    expect(result).toMatch(/^cannot ask for the latest release: [^\n]+$/)
    expect(result).toMatch(words)
    expect(asked).toBe(1)
  })

  test("no answer in time", async () => {
    const never = Promise.withResolvers<Response>()
    const { result } = await ask(() => never.promise, 100)
    never.resolve(new Response())
    expect(result).toMatch(/no answer within 0.1 s$/)
  })

  test("nobody there", async () => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() })
    const url = server.url.href
    await server.stop(true)
    expect(await latestRelease(url).catch((error: Error) => error.message)).toMatch(
      /^cannot ask for the latest release: /,
    )
  })
})

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(32)) })
}
