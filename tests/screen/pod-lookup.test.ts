/** The pod lookup: which port it opens with, what it asks and when, and what it says. */
import { describe, expect, test } from "bun:test"
import { actionForPaste, actionsForMouse } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import type { PortLookup } from "../../src/core/pods/port-users.ts"
import { apply, frame, look, overlayFrame, press, statusLine, typed, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import { holder, podUser, portLookup, portUser } from "../support/port-lookups.ts"

const web = (width = 80, height = 24) => watching(width, height, webServer)
const isOpen = (state: State) => state.overlays.includes("pod-lookup")
const answered = (state: State, found: PortLookup) => apply(state, { type: "pod-lookup/answered", found })
/** The lookup of port 8080 with its answer. */
const found = (more: Partial<PortLookup>, width = 80, height = 24) =>
  answered(press(web(width, height), "K", "ctrl+u", ...typed("8080"), "enter").state, portLookup(more))

describe("opens with the port of what is selected", () => {
  test.each([
    ["the service port of an incoming row", [], 443],
    ["of the row under the cursor, as sorted and filtered", ["f", ..."22", "enter"], 22],
    ["the peer's port of an outgoing row", ["o"], 5432],
    ["the busiest port of a group", ["g"], 443],
  ] as const)("%s", (_, chords, port) => {
    expect(overlayFrame(press(web(), ...chords, "K").state)).toContain(`PORT     ${port}`)
  })

  test("with none where nothing is selected, or the row has ended", () => {
    const empty = /PORT {5} _+ {2}Enter/
    expect(overlayFrame(press(web(120, 30), "tab", "K").state)).toMatch(empty)
    expect(overlayFrame(press(look(web(), { connections: [] }), "K").state)).toMatch(empty)
    const ended = look(press(web(), "down").state, { connections: webServer.connections!.slice(0, 1) })
    expect(overlayFrame(press(ended, "K").state)).toMatch(empty)
  })

  test("is refused in a replay", () => {
    const { state } = press({ ...web(120, 30), source: "replay" }, "K")
    expect([isOpen(state), statusLine(state).includes("a replay cannot look at processes")]).toEqual([false, true])
  })
})

describe("asks", () => {
  test("only when Enter is pressed, for exactly that port", () => {
    expect(press(web(), "K").effects).toEqual([])
    expect(press(web(), "K", "ctrl+u", ...typed("8080"), "enter").effects).toEqual([
      { type: "port/look-up", port: 8080 },
    ])
  })

  test("once: Enter again changes nothing while the answer is on its way", () => {
    const { effects, state } = press(web(), "K", "enter", "enter", "5")
    expect(effects).toEqual([{ type: "port/look-up", port: 443 }])
    expect(overlayFrame(state)).toContain("looking into every network namespace…")
  })

  test.each(["", "0", "65536", "http", "-1", "8 0", "99999999"])("nothing for %j, and says what a port is", (text) => {
    const { effects, state } = press(web(), "K", "ctrl+u", ...typed(text), "enter")
    expect(effects).toEqual([])
    expect(overlayFrame(state)).toContain("a port is a whole number from 1 to 65535")
    expect(overlayFrame(press(state, "7").state)).not.toContain("whole number")
  })

  test("a pasted port is typed, whatever comes with it", () => {
    const opened = press(web(), "K", "ctrl+u").state
    const pasted = apply(opened, actionForPaste(opened, "8080\x1b")!)
    expect(press(pasted, "enter").effects).toEqual([{ type: "port/look-up", port: 8080 }])
  })

  test("and is not heard of again once it was closed, or asks about another port", () => {
    const closed = press(web(), "K", "enter", "escape").state
    expect(isOpen(answered(closed, portLookup({ port: 443 })))).toBe(false)
    const other = press(closed, "K", "ctrl+u", ...typed("22"), "enter").state
    expect(answered(other, portLookup({ port: 443 }))).toBe(other)
  })
})

describe("says", () => {
  const users = [
    podUser(),
    portUser({
      match: "remote",
      process: holder(77, "curl"),
      ends: ["10.42.0.7:8080"],
      listenerCount: 0,
      connectionCount: 2,
      states: [["ESTABLISHED", 2]],
    }),
  ]

  test("who listens and who connects", () => {
    expect(overlayFrame(found({ users }))).toMatchInlineSnapshot(`
      "
      ┌─ Whose is a port ────────────────────────────────────────────────────────────┐
      │ PORT     8080  Enter asks about another port, r looks again                  │
      │                                                                              │
      │ port 8080: 1 listens, 1 connects to it; looked in 3 network namespaces       │
      │                                                                              │
      │ nginx (4121) listens on tcp 0.0.0.0:8080                                     │
      │  shared       with 4 other processes                                         │
      │  container    web, cri-containerd/4f0c2a9b1d3e                               │
      │  pod          checkout-5d78c9869d-2x8kv in namespace shop                    │
      │  workload     Deployment checkout, unsure: by the pod's name                 │
      │  connections  12: 10 ESTABLISHED, 2 TIME_WAIT                                │
      │  netns        pod/3f2a1b7c/4f0c2a9b1d3e (net:[4026532261])                   │
      │                                                                              │
      │ curl (77) connects to tcp 10.42.0.7:8080                                     │
      │  connections  2: 2 ESTABLISHED                                               │
      │  netns        host                                                           │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("the same on a small screen, line by line", () => {
    const state = found({ users }, 60, 15)
    expect(frame(state)).toMatchInlineSnapshot(`
      "
      ┌─ Whose is a port ─────────────────────────── 1-10 of 17 ─┐
      │ PORT     8080                                            │
      │                                                          │
      │ port 8080: 1 listens, 1 connects to it; looked in 3      │
      │ network namespaces                                       │
      │                                                          │
      │ nginx (4121) listens on tcp 0.0.0.0:8080                 │
      │  shared       with 4 other processes                     │
      │  container    web, cri-containerd/4f0c2a9b1d3e           │
      │  pod          checkout-5d78c9869d-2x8kv in namespace     │
      │               shop                                       │
      │  workload     Deployment checkout, unsure: by the pod's  │
      │               name                                       │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ scroll  Enter another port  Esc close
      "
    `)
    expect(overlayFrame(press(state, "end").state)).toContain("curl (77) connects")
    expect(press(press(state, "end").state, "home").state.slices["pod-lookup"].top).toBe(0)
    const wheel = actionsForMouse(state, { kind: "wheel-down", x: 10, y: 10 })
    expect(apply(state, ...wheel).slices["pod-lookup"].top).toBe(3)
  })

  test("that nobody is there, and whether that is certain", () => {
    expect(overlayFrame(found({}))).toContain("nobody listens on port 8080 or uses it, in 3 network namespaces")
    const hidden = found({ isComplete: false, notes: ["procfs hides the processes of other users"] })
    expect(overlayFrame(hidden)).toContain("nobody that may be seen uses port 8080")
    expect(overlayFrame(hidden)).toContain("procfs hides the processes of other users")
  })

  test("no address of a masked screen in full", () => {
    const state = apply(found({ users }), { type: "app/mask" })
    expect(overlayFrame(state)).toMatch(/connects to tcp xxx\.[g-z]{3}\.0\.7:8080/)
  })

  test("what a process calls itself as text", () => {
    const state = found({ users: [portUser({ process: holder(9, "\x1b[2J漢字\t") })] })
    expect(overlayFrame(state)).toContain("␛[2J漢字␉ (9) listens on tcp 0.0.0.0:8080")
  })
})

test("from an answer to another port, to the same again, and out", () => {
  const state = found({ users: [podUser()] })
  expect(press(state, "r").effects).toEqual([{ type: "port/look-up", port: 8080 }])
  expect(overlayFrame(press(state, "enter").state)).toContain("Enter says whose it is")
  for (const key of ["escape", "q", "K"]) expect(isOpen(press(state, key).state)).toBe(false)
})
