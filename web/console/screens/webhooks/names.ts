import type { Endpoint } from '../../api/webhooks.ts'

/** What an endpoint is called where it stands beside others. */
export const nameOf = ({ description, url, ref_id }: Endpoint) => description || url || ref_id
