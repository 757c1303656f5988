/** What one run did, for the log. */
export interface DispatchReport {
  /** Another dispatcher was awake, or all places were taken: nothing was done. */
  isBusy: boolean
  expanded: number
  succeeded: number
  failed: number
  /** Attempts whose lease was lost before they were reported. */
  stale: number
  /** Attempts that could not be reported to the database. Their deliveries are tried again when the leases end. */
  unreported: number
  durationMs: number
  endpoints: Map<string, EndpointReport>
}

interface EndpointReport {
  succeeded: number
  failed: number
  durationMsSum: number
  durationMsMax: number
}
