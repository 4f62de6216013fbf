/** A window of some lines over more of them. */
import { count } from "./units.ts"

/** The first line of a window of `page` lines over `total`, moved `by` lines; never past either end. */
export const scrolled = (top: number, by: number, page: number, total: number): number =>
  Math.max(0, Math.min(top + by, total - page))

/** `1-12 of 40`, or nothing where all is seen. */
export function windowNote(top: number, page: number, total: number): string {
  if (total <= page) return ""
  const from = scrolled(top, 0, page, total)
  return `${count(from + 1)}-${count(from + page)} of ${count(total)}`
}
