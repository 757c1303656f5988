/** What one run did, for the log. */
export interface DispatchReport {
  /** Another dispatcher was awake, or all places were taken: nothing was done. */
  isBusy: boolean
  expanded: number
  succeeded: number
  failed: number
  /** Attempts whose lease was lost before they were reported. */
  stale: number
  /** Attempts that could not be reported to the database. They are made again when the leases end. */
  unreported: number
  durationMs: number
  /** By the name of the lane. */
  lanes: Map<string, LaneReport>
}

interface LaneReport {
  succeeded: number
  failed: number
  durationMsSum: number
  durationMsMax: number
}
