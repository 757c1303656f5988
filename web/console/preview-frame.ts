// What the previews of a brand are: a page in a frame, to which the editor sends what the server answered to its draft.
import { type PageConfig, parseConfig } from '../page/config.js'
import { project } from './api/project.ts'
import { onPreview, type PreviewMessages } from './preview-messages.ts'

// A person looks at both, whatever the device is set to.
const device = window.matchMedia.bind(window)
let scheme: PreviewMessages['brand']['scheme'] = 'light'
window.matchMedia = (query) =>
  query === '(prefers-color-scheme: dark)'
    ? Object.assign(new EventTarget(), {
        ...device(query),
        media: query,
        matches: scheme === 'dark',
      } as MediaQueryList)
    : device(query)

/** Shows each draft that the editor sends. */
export function onDraft(show: (config: PageConfig, message: PreviewMessages['brand']) => void): void {
  onPreview('brand', (message) => {
    const config = parseConfig(message.page, location.origin, project.url)
    if (!config) return
    scheme = message.scheme
    // A colour that the draft leaves to the page must not stay from the one before.
    document.documentElement.removeAttribute('style')
    show(config, message)
  })
}

// The links of the page lead away from the preview.
document.addEventListener('click', (event) => {
  if ((event.target as Element).closest('a')) event.preventDefault()
})
