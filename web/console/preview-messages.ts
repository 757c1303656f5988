// What a screen sends to a preview in a frame, and how the preview gets it.
import type { Schemas } from '../../lib/client/index.ts'

export interface PreviewMessages {
  brand: {
    page: Schemas['PublicConfig']
    scheme: 'light' | 'dark'
    /** What a participant is asked, for the preview of a campaign. */
    campaign?: unknown
  }
  mail: Pick<Schemas['EmailPreview'], 'subject' | 'html'>
}

export type PreviewMessage = {
  [Kind in keyof PreviewMessages]: { kind: Kind } & PreviewMessages[Kind]
}[keyof PreviewMessages]

const ready = { kind: 'preview-ready' }

/** In the preview: shows each message of the page around it. */
export function onPreview<Kind extends keyof PreviewMessages>(
  kind: Kind,
  show: (message: PreviewMessages[Kind]) => void,
): void {
  addEventListener('message', ({ origin, source, data }: MessageEvent) => {
    if (origin === location.origin && source === parent && data?.kind === kind) show(data)
  })
  parent.postMessage(ready, location.origin)
}

/** In the screen: calls back when the preview in a frame listens. Returns what ends it. */
export function onPreviewReady(frame: () => Window | null | undefined, call: () => void): () => void {
  const listen = ({ origin, source, data }: MessageEvent) => {
    if (origin === location.origin && source === frame() && data?.kind === ready.kind) call()
  }
  addEventListener('message', listen)
  return () => removeEventListener('message', listen)
}
