/** Whether only the unread are listed. */
export function inboxSearch({ status }: Record<string, unknown>): { status?: 'unread' } {
  return status === 'unread' ? { status } : {}
}

export const channels = ['email', 'sms', 'whatsapp'] as const
export const outcomes = ['sent', 'failed', 'partial', 'skipped_dev_filter'] as const

interface LogSearch {
  channel?: (typeof channels)[number]
  status?: (typeof outcomes)[number]
}

/** Which attempts are listed. */
export function logSearch({ channel, status }: Record<string, unknown>): LogSearch {
  const by = channels.find((each) => each === channel)
  const ended = outcomes.find((each) => each === status)
  return { ...(by && { channel: by }), ...(ended && { status: ended }) }
}
