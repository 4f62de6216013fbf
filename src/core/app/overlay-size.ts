/** How large an overlay is: never over the status bar, and from edge to edge on a narrow screen. */
import type { Size } from "../text/line.ts"

/** On a screen narrower than this, the strips at an overlay's sides would only be noise. */
const WHOLE_BELOW = 90

/** `height` lines inside a frame, where the screen has them. */
export const overlaySize = (screen: Size, { width, height }: Size): Size => ({
  width: screen.width < WHOLE_BELOW ? screen.width : width,
  height: Math.max(1, Math.min(height + 2, screen.height - 1)),
})
