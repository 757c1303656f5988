import type { ParticipantFilters } from '../../api/participants.ts'

export const clientStatuses = [
  'registered',
  'started',
  'completed',
  'contacted',
  'converted',
  'archived',
] as const

interface ParticipantSearch {
  status?: (typeof clientStatuses)[number]
  campaign?: string
  search?: string
}

/** Which participants are listed. What an address has that cannot be meant is left out. */
export function participantSearch({ status, campaign, search }: Record<string, unknown>): ParticipantSearch {
  const found = clientStatuses.find((each) => each === status)
  const text = typeof search === 'string' || typeof search === 'number' ? String(search).trim() : ''
  return {
    ...(found && { status: found }),
    ...(typeof campaign === 'string' && /^[0-7][0-9A-Z]{25}$/.test(campaign) && { campaign }),
    ...(text && { search: text.slice(0, 100) }),
  }
}

export const filtersOf = ({ status, ...rest }: ParticipantSearch): ParticipantFilters => ({
  ...rest,
  ...(status && { client_status: status }),
})
