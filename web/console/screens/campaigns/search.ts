const statuses = ['draft', 'open', 'closed'] as const

/** Which campaigns are listed. What an address has that is none of them is left out. */
export function campaignSearch({ status }: Record<string, unknown>): { status?: (typeof statuses)[number] } {
  const found = statuses.find((each) => each === status)
  return found ? { status: found } : {}
}
