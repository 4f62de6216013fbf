/** What no single file can promise: who imports whom, where the core stays pure, and what the tracked files may hold. */
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const root = join(import.meta.dir, "..")
const read = (file: string) => readFileSync(join(root, file), "utf8")

const skippedFolders = /^(node_modules|dist|\.git)(\/|$)/

/**
 * Every file that a clone holds or would hold. The list is the folder's own, since the machine may have no git; what
 * .gitignore names is left out.
 */
const files = [...new Bun.Glob("**/*").scanSync({ cwd: root, dot: true, onlyFiles: true })]
  .filter((file) => !skippedFolders.test(file) && file !== ".git" && !file.endsWith(".tmp"))
  .sort()
const sources = files.filter((file) => /^(src|ffi)\/.*\.ts$/.test(file))

// ---- imports -------------------------------------------------------------------------------------------------------

/**
 * Who may import what, besides files of its own row. The first row whose `from` begins the file's path is its row; an
 * entry of `may` that ends in "/" is a folder. A bare name is a package; `node:` and `bun` are the runtime's library.
 *
 * Type-only imports are not seen here: they are gone when the program is built.
 */
const mayImport: readonly { from: string; may: readonly string[] }[] = [
  { from: "ffi/", may: ["bun:ffi", "bun:jsc", "node:", "bun"] },

  { from: "src/core/wire/", may: [] },
  { from: "src/core/proc/", may: [] },
  { from: "src/core/text/", may: [] },
  { from: "src/core/config/", may: ["valibot"] },
  { from: "src/core/sample/", may: ["src/core/wire/", "src/core/proc/"] },
  // address.ts is the text and the bytes of IP addresses; other folders get addresses from the model, as text.
  { from: "src/core/model/", may: ["src/core/sample/", "src/core/config/", "src/core/wire/address.ts"] },
  { from: "src/core/diagnosis/", may: ["src/core/model/", "src/core/config/", "src/core/text/"] },
  {
    from: "src/core/snapshot/",
    may: ["src/core/model/", "src/core/sample/", "src/core/text/json.ts", "valibot", "dayjs"],
  },
  { from: "src/core/daemon/", may: ["src/core/config/", "src/core/snapshot/", "valibot"] },
  { from: "src/core/pods/", may: ["src/core/sample/", "src/core/proc/", "src/core/text/"] },
  {
    from: "src/core/export/",
    may: ["src/core/mitigation/", "src/core/model/", "src/core/diagnosis/", "src/core/pods/", "src/core/text/"],
  },
  {
    from: "src/core/history/",
    may: ["src/core/snapshot/", "src/core/sample/columns.ts", "src/core/model/", "src/core/text/", "valibot", "dayjs"],
  },
  // Its table in the kernel's ruleset is data of the wire format.
  { from: "src/core/mitigation/", may: ["src/core/model/", "src/core/wire/"] },
  // dns-packet reads the names of DNS; nothing else of a packet is left to a library.
  {
    from: "src/core/trace/",
    may: ["src/core/diagnosis/", "src/core/wire/address.ts", "src/core/text/", "dns-packet"],
  },
  {
    from: "src/core/panels/",
    may: [
      "src/core/app/",
      "src/core/diagnosis/",
      "src/core/model/",
      "src/core/history/",
      "src/core/mitigation/",
      "src/core/pods/",
      "src/core/trace/",
      "src/core/text/",
    ],
  },
  { from: "src/core/app/update.ts", may: ["src/core/"] },
  { from: "src/core/app/state.ts", may: ["src/core/"] },
  { from: "src/core/app/registry.ts", may: ["src/core/"] },
  {
    from: "src/core/app/",
    may: [
      "src/core/config/",
      "src/core/diagnosis/",
      "src/core/history/",
      "src/core/mitigation/",
      "src/core/model/",
      "src/core/pods/",
      "src/core/proc/",
      "src/core/sample/",
      "src/core/snapshot/",
      "src/core/text/",
      "src/core/trace/",
      "src/core/wire/",
    ],
  },

  {
    from: "src/shell/kernel/",
    may: ["ffi/", "src/core/wire/", "src/core/proc/", "src/core/sample/", "src/core/mitigation/", "node:", "bun"],
  },
  {
    from: "src/shell/terminal/",
    may: ["ffi/", "src/core/app/", "src/core/text/", "@opentui/core", "@opentui/core-linux-x64", "node:", "bun"],
  },
  // Gives memory back to the kernel, which knows it only by address.
  { from: "src/shell/own-memory", may: ["ffi/", "src/core/", "node:", "bun"] },
  { from: "src/shell/", may: ["src/core/", "src/shell/", "config/", "cac", "valibot", "dayjs", "node:", "bun"] },
  { from: "src/main.ts", may: ["src/shell/", "config/"] },
]

/** The folder whose files know one another: a panel's own, else the row's. A row for one file has none. */
function homeOf(file: string, from: string): string | undefined {
  const panel = /^src\/core\/panels\/[^/]+\//.exec(file)?.[0]
  return panel ?? (from.endsWith("/") ? from : undefined)
}

/** The list names every panel, and every panel knows the type that they share. */
const PANEL_LIST = "src/core/panels/index.ts"
const PANEL_TYPE = "src/core/panels/panel.ts"

const covers = (entry: string, target: string) =>
  entry === "node:" ? target.startsWith(entry) : entry.endsWith("/") ? target.startsWith(entry) : target === entry

function isAllowed(file: string, target: string): boolean {
  const row = mayImport.find(({ from }) => file.startsWith(from))
  if (row === undefined) return false
  const home = homeOf(file, row.from)
  if (home !== undefined && target.startsWith(home)) return true
  if (file.startsWith("src/core/panels/") && target === PANEL_TYPE) return true
  if (file === PANEL_LIST && target.startsWith("src/core/panels/")) return true
  return row.may.some((entry) => covers(entry, target))
}

const transpiler = new Bun.Transpiler({ loader: "ts" })

/** What a file imports when it runs: repository paths for our own files, names for the rest. */
function importsOf(file: string, text = read(file)): string[] {
  return transpiler
    .scanImports(text)
    .map(({ path }) => (path.startsWith(".") ? normalize(join(dirname(file), path)) : path))
}

describe("imports", () => {
  test("follow the table of docs/architecture.md", () => {
    const broken = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => !isAllowed(file, target))
        .map((target) => `${file} may not import ${target}`),
    )
    expect(broken).toEqual([])
  })

  test("name files with their ending", () => {
    const scripts = files.filter((file) => /\.ts$/.test(file))
    const broken = scripts.flatMap((file) =>
      transpiler
        .scanImports(read(file))
        .filter(({ path }) => path.startsWith(".") && !/\.(ts|json|toml)$/.test(path))
        .map(({ path }) => `${file} imports ${path} without its ending`),
    )
    expect(broken).toEqual([])
  })

  test.each([
    ["src/core/wire/codec.ts", "node:fs", false],
    ["src/core/daemon/schedule.ts", "src/core/model/model.ts", false],
    ["src/core/wire/inet-diag.ts", "src/core/wire/codec.ts", true],
    ["src/core/wire/inet-diag.ts", "src/core/sample/sample.ts", false],
    ["src/core/model/groups.ts", "src/core/wire/address.ts", true],
    ["src/core/model/groups.ts", "src/core/wire/inet-diag.ts", false],
    ["src/core/diagnosis/rules/a.ts", "src/core/wire/address.ts", false],
    ["src/core/app/update.ts", "src/core/panels/index.ts", true],
    ["src/core/app/command.ts", "src/core/panels/index.ts", false],
    ["src/core/app/command.ts", "src/core/app/state.ts", true],
    ["src/core/panels/index.ts", "src/core/panels/help/panel.ts", true],
    ["src/core/panels/help/panel.ts", "src/core/panels/panel.ts", true],
    ["src/core/panels/help/panel.ts", "src/core/panels/help/columns.ts", true],
    ["src/core/panels/help/panel.ts", "src/core/panels/action-log/panel.ts", false],
    ["src/core/panels/help/panel.ts", "src/core/sample/sample.ts", false],
    ["src/core/snapshot/line.ts", "dayjs", true],
    ["src/core/model/model.ts", "dayjs", false],
    ["src/shell/live.ts", "@opentui/core", false],
    ["src/shell/live.ts", "bun:ffi", false],
    ["src/shell/live.ts", "ffi/libc.ts", false],
    ["src/shell/terminal/screen.ts", "@opentui/core", true],
    ["ffi/libc.ts", "src/core/wire/codec.ts", false],
    ["src/main.ts", "src/core/app/state.ts", false],
    ["src/elsewhere.ts", "src/core/app/state.ts", false],
  ])("%s importing %s: %p", (file, target, expected) => {
    expect(isAllowed(file, target)).toBe(expected)
  })
})

// ---- purity --------------------------------------------------------------------------------------------------------

/** Names through which the clock, chance, the locale, the environment or the world would come in. */
const impure: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bdayjs\(\s*\)/,
  /\bperformance\b/,
  /\bMath\.random\b/,
  /\bcrypto\b/,
  /\bprocess\./,
  /\bglobalThis\b/,
  /\bBun\.(?!stringWidth\b)/,
  /\bimport\.meta\b/,
  /\bfetch\(/,
  /\b(set|clear)(Timeout|Interval|Immediate)\b/,
  /\bqueueMicrotask\b/,
  /\btoLocale\w+/,
  /\bIntl\b/,
  /\bconsole\./,
  /\brequire\(/,
]

/** The code without its comments and plain strings, where these names are only words. */
const codeOnly = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\/|(^|[^:"'`\\])\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/gm, "$1")

const impureNames = (text: string) => impure.flatMap((name) => codeOnly(text).match(name)?.[0] ?? [])

describe("the core", () => {
  test("is pure", () => {
    const broken = sources
      .filter((file) => file.startsWith("src/core/"))
      .flatMap((file) => impureNames(read(file)).map((name) => `${file} uses ${name}`))
    expect(broken).toEqual([])
  })

  test.each([
    ["const at = Date.now()", ["Date.now"]],
    ["const at = [new Date()]", ["new Date()"]],
    ["const at = new Date(ms)", []],
    ["/** Never Date.now() */ const a = 1 // nor process.env", []],
    ['const word = "process.env"', []],
    ["value.toLocaleString()", ["toLocaleString"]],
    ["Bun.stringWidth(text)", []],
    ["Bun.file(path)", ["Bun."]],
    ["globalThis.process", ["globalThis"]],
  ])("%s", (code, names) => {
    expect(impureNames(code)).toEqual(names as string[])
  })
})

// ---- files ---------------------------------------------------------------------------------------------------------

describe("files", () => {
  test("are named in kebab-case", () => {
    const named = files.filter((file) => /^(src|ffi|tests|docs|config)\//.test(file))
    const broken = named.filter((file) => !file.split("/").every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part)))
    // The page about a folder is written large, as everywhere; a fixture's files keep the names the kernel gave them.
    const isExcused = (file: string) => /\/(README|NOTE)\.md$/.test(file) || file.startsWith("tests/fixtures/")
    expect(broken.filter((file) => !isExcused(file))).toEqual([])
  })

  test("hold no path of a machine and no registry's host", () => {
    // Put together, so that this file does not hold them.
    const words = [
      "/work" + "/",
      "/root" + "/",
      "/home" + "/",
      "registry." + "npmjs",
      "npmjs." + "org",
      "verdaccio" + "",
      "artifactory" + "",
    ]
    const own = "tests/tidy.test.ts"
    const broken = files
      .filter((file) => file !== own && isText(file))
      .flatMap((file) => words.filter((word) => read(file).includes(word)).map((word) => `${file} holds ${word}`))
    expect(broken).toEqual([])
  })

  test("have one lock, and it names no download address", () => {
    const locks = files.filter((file) =>
      /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$/.test(file),
    )
    expect(locks).toEqual(["bun.lock"])
    expect(read("bun.lock")).not.toMatch(/https?:/)
  })

  test("at the top are the known ones", () => {
    const known = [
      ".ci",
      ".gitignore",
      ".npmrc",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "biome.json",
      "build.ts",
      "bun.lock",
      "bunfig.toml",
      "config",
      "docs",
      "ffi",
      "package.json",
      "src",
      "tests",
      "tsconfig.json",
    ]
    const top = [...new Set(files.map((file) => file.split("/")[0]!))]
    expect(top.filter((name) => !known.includes(name))).toEqual([])
  })

  test("each runtime dependency has its page among the decisions", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> }
    const pages = files.filter((file) => file.startsWith("docs/decisions/")).map(read)
    const broken = Object.keys(dependencies).filter((name) => !pages.some((page) => page.includes(`\`${name}\``)))
    expect(broken).toEqual([])
  })

  test("tests that are skipped are skipped by requires(), which says why", () => {
    const broken = files
      .filter((file) => /^tests\/.*\.ts$/.test(file) && file !== "tests/support/requirements.ts")
      .filter((file) => /\b(test|it|describe)\.(skip|skipIf|todo|todoIf|if)\(/.test(codeOnly(read(file))))
      .map((file) => `${file} skips a test without requires() of tests/support/requirements.ts`)
    expect(broken).toEqual([])
  })

  test("CI runs the README's test command", () => {
    const command = /^ {4}(npm install && npm test)$/m.exec(read("README.md"))?.[1]
    expect(command).toBeDefined()
    expect(read(".ci/run")).toContain(command!)
  })
})

function isText(file: string): boolean {
  const path = join(root, file)
  if (!existsSync(path) || statSync(path).size > 1_000_000) return false
  return !readFileSync(path).includes(0)
}
