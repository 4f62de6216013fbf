import { expect, test } from "bun:test"
import { isNewer, parseRelease } from "../../../src/core/config/release.ts"

test.each([
  ["v1.2.0", "1.1.9", true],
  ["1.10.0", "1.9.0", true],
  ["v1.2", "1.1.0", true],
  ["v1.2.0", "1.2.0", false],
  ["v1.2", "1.2.0", false],
  ["v1.1.0", "1.2.0", false],
  ["v2.0.0-rc.1", "1.0.0", true],
  ["v1.0.0-rc.1", "1.0.0", false],
  ["v9.9.9", "0.0.0-source", false],
  ["nightly", "1.0.0", false],
  ["v1.2.3; rm -rf", "1.0.0", false],
])("%s is newer than %s: %p", (tag, running, newer) => expect(isNewer(tag, running)).toBe(newer))

test.each([
  [`{"tag_name": " v1.2.0 ", "body": "much"}`, "v1.2.0"],
  [`{"tag_name": ""}`, undefined],
  [`{"tag_name": 7}`, undefined],
  [`{}`, undefined],
  [`[]`, undefined],
  ["null", undefined],
  ["<html>", undefined],
  ["", undefined],
  [JSON.stringify({ tag_name: "v".repeat(65) }), undefined],
])("the release of %s is %p", (text, tag) => expect(parseRelease(text)).toBe(tag))
