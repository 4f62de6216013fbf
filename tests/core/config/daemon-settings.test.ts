import { describe, expect, test } from "bun:test"
import { fileKeys, parseDaemonFile, resolveSettings } from "../../../src/core/config/daemon-settings.ts"
import { parseSize } from "../../../src/core/config/flags.ts"

const read = (text: string) => parseDaemonFile(text, "daemon.json")

describe("daemon.json", () => {
  test.each([
    ["{}", {}],
    ["null", {}],
    [" \n{ }\n", {}],
    ["\ufeff{}", {}],
    ['{"interval": 5}', { interval: 5 }],
    ['{"interval": null, "top-limit": 9}', { topLimit: 9 }],
    ['{"interval": 5, "interval": 6}', { interval: 6 }],
    ['{"interface": "  "}', {}],
    ['{"interface": " eth1 ", "data-dir": " ~/x "}', { interface: "eth1", dataDir: "~/x" }],
    ['{"max-size": "2G", "min-free": 1024, "compress": false}', { maxSize: 2 ** 31, minFree: 1024, compress: false }],
    ['{"log-file":"/var/log/a.log","retention-hours":24}', { logFile: "/var/log/a.log", retentionHours: 24 }],
    ['{"data-dir":"/a\\"b"}', { dataDir: '/a"b' }],
  ])("%p", (text, settings) => expect(read(text)).toEqual(settings))

  test.each([
    ["", 'daemon.json:1: the file is empty; an object such as { "interval": 30 } is expected'],
    ["\n\n  ", 'daemon.json:3: the file is empty; an object such as { "interval": 30 } is expected'],
    ["[]", 'daemon.json:1: expected an object that begins with {, not "["'],
    ["7", 'daemon.json:1: expected an object that begins with {, not "7"'],
    ['{\n  "interval": 5,\n  "intervall": 6\n}', /^daemon\.json:3: unknown key "intervall"; there are data-dir, /],
    ['{"Interval": 5}', /unknown key "Interval"/],
    ['{"constructor": 5}', /unknown key "constructor"/],
    ['{\n"top-limit": 1,\n"interval": 0}', "daemon.json:3: interval takes a whole number from 1 to 300, not 0"],
    ['{"interval": 301}', "daemon.json:1: interval takes a whole number from 1 to 300, not 301"],
    ['{"interval": 1.5}', "daemon.json:1: interval takes a whole number from 1 to 300, not 1.5"],
    ['{"interval": "5"}', 'daemon.json:1: interval takes a whole number from 1 to 300, not "5"'],
    ['{"interval": 1e99}', "daemon.json:1: interval takes a whole number from 1 to 300, not 1e+99"],
    ['{"data-dir": ""}', 'daemon.json:1: data-dir takes a value, not ""'],
    ['{"data-dir": "  "}', 'daemon.json:1: data-dir takes a value, not "  "'],
    ['{"data-dir": ["a"]}', 'daemon.json:1: data-dir takes a text, not ["a"]'],
    ['{"compress": "on"}', 'daemon.json:1: compress takes true or false, not "on"'],
    ['{"max-size": "2 gigs"}', 'daemon.json:1: max-size takes a size such as 500M or 2G, not "2 gigs"'],
    ['{"max-size": -1}', "daemon.json:1: max-size takes a size such as 500M or 2G, not -1"],
    ['{"interval": 5,}', 'daemon.json:1: expected a key in double quotes, not "}"'],
    ['{"interval": 5} {}', 'daemon.json:1: the object has ended, and more follows: "{"'],
    ['{"interval": 5', 'daemon.json:1: expected , or } behind "interval", not the end of the file'],
    ['{"interval" 5}', 'daemon.json:1: expected : behind "interval", not "5"'],
    ['{"interval":\n}', 'daemon.json:2: "interval" has no value that JSON knows'],
    ['{\n// seconds\n"interval": 5}', 'daemon.json:2: expected a key in double quotes, not "/"'],
    ["{'interval': 5}", 'daemon.json:1: expected a key in double quotes, not "\'"'],
    ['{"interval": 005}', 'daemon.json:1: "interval" has no value that JSON knows'],
    ['{"data-dir": "a', 'daemon.json:1: "data-dir" has no value that JSON knows'],
    ['{"data-dir": {"a": "}"', 'daemon.json:1: "data-dir" has no value that JSON knows'],
  ])("%p is refused", (text, message) => expect(() => read(text)).toThrow(message))

  test("every key is a flag's name", () => {
    for (const [key, id] of Object.entries(fileKeys))
      expect(key.replace(/-./g, (end) => end[1]!.toUpperCase())).toBe(id)
  })
})

describe("which setting is in force", () => {
  const defaults = { interval: 30, topLimit: 500, retentionHours: 168, isCompressing: true }
  test.each([
    ["nothing given", {}, {}, defaults],
    ["the file", {}, { interval: 5, compress: false }, { ...defaults, interval: 5, isCompressing: false }],
    ["a flag over the file", { interval: 7 }, { interval: 5, topLimit: 9 }, { ...defaults, interval: 7, topLimit: 9 }],
    ["a flag with its default", { interval: 30 }, { interval: 5 }, defaults],
    ["compression by flag", { compress: "on" as const }, { compress: false }, defaults],
    ["no compression by flag", { compress: "off" as const }, {}, { ...defaults, isCompressing: false }],
    ["limits", { maxSize: 1 }, { minFree: 0 }, { ...defaults, maxSize: 1, minFree: 0 }],
  ])("%s", (_, typed, file, expected) => expect(resolveSettings(typed, file)).toEqual(expected))
})

test.each([
  ["0", 0],
  ["1048576", 1_048_576],
  ["500M", 500 * 2 ** 20],
  ["2g", 2 ** 31],
  ["2GB", 2 ** 31],
  ["2GiB", 2 ** 31],
  ["1.5K", 1536],
  ["1T", 2 ** 40],
  ["9999999999999T", undefined],
  ["", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  [" 1", undefined],
  ["1P", undefined],
  ["M", undefined],
])("the size %p is %p bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes))
