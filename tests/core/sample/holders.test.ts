import { expect, test } from "bun:test"
import { chooseHolder, type Identity } from "../../../src/core/sample/holders.ts"

const master = { pid: 900, startTime: 100 }
const worker = { pid: 12, startTime: 200 }
const twin = { pid: 11, startTime: 200 }

test.each<{ name: string; holders: Identity[]; listener?: Identity; chosen: Identity }>([
  { name: "one holder", holders: [worker], chosen: worker },
  { name: "the oldest, whatever its pid", holders: [worker, twin, master], chosen: master },
  { name: "the lower pid of two as old as each other", holders: [worker, twin], chosen: twin },
  {
    name: "the owner of the listener before the oldest",
    holders: [master, twin, worker],
    listener: worker,
    chosen: worker,
  },
  {
    name: "the oldest when the listener's owner does not hold it",
    holders: [worker, twin],
    listener: master,
    chosen: twin,
  },
  {
    name: "a later process with the listener's pid is not the listener's owner",
    holders: [worker, master],
    listener: { pid: 12, startTime: 1 },
    chosen: master,
  },
])("chooses $name, in whatever order they were seen", ({ holders, listener, chosen }) => {
  expect(chooseHolder(holders, listener)).toBe(chosen)
  expect(chooseHolder([...holders].reverse(), listener)).toBe(chosen)
})
