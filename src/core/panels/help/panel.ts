/** Help: every key that works here and now. */
import { definePanel } from "../../app/panel.ts"
import { line } from "../../text/line.ts"

export const help = definePanel<
  "help",
  { readonly top: number },
  { readonly type: "help/scroll"; readonly by: number }
>({
  id: "help",
  place: {
    region: "overlay",
    size: (screen) => ({ width: Math.min(76, screen.width - 4), height: screen.height - 4 }),
  },
  initial: { top: 0 },
  commands: [],
  title: () => "Help",
  update: (slice, { by }) => [{ top: Math.max(0, slice.top + by) }],
  view: () => [line("")],
})
