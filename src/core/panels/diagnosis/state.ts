export interface Diagnosed {
  /** Names the selected finding; absent until the operator selects: then it is the first. */
  readonly selected?: string
  /** The selected finding shows its evidence and advice. */
  readonly isOpen: boolean
  /** First line of the window. */
  readonly top: number
}

export const initial: Diagnosed = { isOpen: true, top: 0 }
