import type { Schemas } from '../../../lib/client/index.ts'
import { platform } from './client.ts'

export type OpenPortal = Schemas['OpenPortal']

/** What the token of a frame opens. */
export async function readPortal(signal: AbortSignal): Promise<OpenPortal> {
  const { data } = await platform.GET('/registry/portal-tokens/current', { signal })
  return data
}
