import { describe, expect, test } from "bun:test"
import { readCommit } from "../../build.ts"
import { temporaryFolder } from "../support/folder.ts"

const commit = "0123456789abcdef0123456789abcdef01234567"
const other = "f".repeat(40)

describe("readCommit", () => {
  test.each<{ name: string; files: Record<string, string>; stamp: string }>([
    {
      name: "a branch",
      files: { "clone/.git/HEAD": "ref: refs/heads/main\n", "clone/.git/refs/heads/main": `${commit}\n` },
      stamp: "0123456789ab",
    },
    { name: "no branch", files: { "clone/.git/HEAD": `${commit}\n` }, stamp: "0123456789ab" },
    {
      name: "a packed branch",
      files: {
        "clone/.git/HEAD": "ref: refs/heads/main\n",
        "clone/.git/packed-refs": `# pack-refs with: peeled\n${other} refs/heads/a/refs/heads/main\n${commit} refs/heads/main\n^${other}\n`,
      },
      stamp: "0123456789ab",
    },
    {
      name: "a loose branch that is newer than the packed one",
      files: {
        "clone/.git/HEAD": "ref: refs/heads/main\n",
        "clone/.git/refs/heads/main": `${commit}\n`,
        "clone/.git/packed-refs": `${other} refs/heads/main\n`,
      },
      stamp: "0123456789ab",
    },
    {
      name: "a worktree",
      files: {
        "clone/.git": "gitdir: ../main/.git/worktrees/clone\n",
        "main/.git/HEAD": `${other}\n`,
        "main/.git/worktrees/clone/HEAD": "ref: refs/heads/topic\n",
        "main/.git/worktrees/clone/commondir": "../..\n",
        "main/.git/refs/heads/topic": `${commit}\n`,
      },
      stamp: "0123456789ab",
    },
    { name: "no clone", files: { "clone/package.json": "{}" }, stamp: "unknown" },
    { name: "a clone without a commit", files: { "clone/.git/HEAD": "ref: refs/heads/main\n" }, stamp: "unknown" },
    { name: "a HEAD that is not one", files: { "clone/.git/HEAD": "$(reboot)\n" }, stamp: "unknown" },
    {
      name: "a name that leads to itself",
      files: { "clone/.git/HEAD": "ref: refs/a\n", "clone/.git/refs/a": "ref: refs/a\n" },
      stamp: "unknown",
    },
  ])("$name", ({ files, stamp }) => {
    using folder = temporaryFolder()
    for (const [name, content] of Object.entries(files)) folder.write(name, content)
    expect(readCommit(`${folder.path}/clone`)).toBe(stamp)
  })
})
