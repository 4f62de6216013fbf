/** What stands on the timeline, in words. */
import type { Explanation } from "../../app/explanation.ts"

export const explanations: readonly Explanation[] = [
  {
    words: ["Timeline", "most"],
    text: "The whole window from left to right. A column is as high as the highest bytes a second, or connections (c), of the snapshots in its part of the window; at the right of the top edge stands how much the highest column is. Bytes are those of all rows, and of those that were cut from the record.",
  },
  {
    words: ["C", "w"],
    text: "Something was wrong: C is critical, w is a warning. n and N go to where something began. Of records without findings their health counts.",
  },
  {
    words: ["░", "·", "GAP"],
    text: "Nothing was written for more than two intervals: the worker did not run, or could not write. A gap that is shorter than a column has only the dot.",
  },
  { words: ["|"], text: "A worker began or ended." },
  {
    words: ["▲"],
    text: "The snapshot that is shown; its time stands under it. It is dragged with the mouse, or moved with the arrows.",
  },
]
