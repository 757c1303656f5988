import type { Schemas } from '../../../../lib/client/index.ts'

/** From the editor to the preview. */
export interface PreviewMessage {
  kind: 'preview'
  page: Schemas['PublicConfig']
  scheme: 'light' | 'dark'
  /** What a participant is asked, for the preview of a campaign. */
  campaign?: unknown
}
