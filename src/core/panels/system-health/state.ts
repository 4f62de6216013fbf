export interface SystemHealth {
  /** States with few sockets first. */
  readonly isAscending: boolean
  readonly top: number
}
