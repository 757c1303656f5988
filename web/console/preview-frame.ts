// What both previews are: a page in a frame, to which the editor sends what the server answered to its draft.
import { type PageConfig, parseConfig } from '../page/config.js'
import { project } from './api/project.ts'
import type { PreviewMessage } from './screens/brand/preview-message.ts'

// A person looks at both, whatever the device is set to.
const device = window.matchMedia.bind(window)
let scheme: PreviewMessage['scheme'] = 'light'
window.matchMedia = (query) =>
  query === '(prefers-color-scheme: dark)'
    ? Object.assign(new EventTarget(), {
        ...device(query),
        media: query,
        matches: scheme === 'dark',
      } as MediaQueryList)
    : device(query)

/** Shows each draft that the editor sends. */
export function onDraft(show: (config: PageConfig, message: PreviewMessage) => void): void {
  window.addEventListener('message', ({ origin, data }: MessageEvent<PreviewMessage>) => {
    if (origin !== location.origin || data?.kind !== 'preview') return
    const config = parseConfig(data.page, location.origin, project.url)
    if (!config) return
    scheme = data.scheme
    // A colour that the draft leaves to the page must not stay from the one before.
    document.documentElement.removeAttribute('style')
    show(config, data)
  })
  window.parent.postMessage({ kind: 'preview-ready' }, location.origin)
}

// The links of the page lead away from the preview.
document.addEventListener('click', (event) => {
  if ((event.target as Element).closest('a')) event.preventDefault()
})
