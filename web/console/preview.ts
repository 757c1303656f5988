// The page as visitors get it, by the modules that they run. The editor sends what the server answered to its draft.
import { parseConfig } from '../page/config.js'
import { applyTheme } from '../page/theme.js'
import { showBrand } from '../page/view.js'
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

window.addEventListener('message', ({ origin, data }: MessageEvent<PreviewMessage>) => {
  if (origin !== location.origin || data?.kind !== 'preview') return
  const config = parseConfig(data.page, location.origin, project.url)
  if (!config) return
  scheme = data.scheme
  // A colour that the draft leaves to the page must not stay from the one before.
  document.documentElement.removeAttribute('style')
  applyTheme(config)
  showBrand(config)
})

// The links of the page lead away from the preview.
document.addEventListener('click', (event) => event.preventDefault())
window.parent.postMessage({ kind: 'preview-ready' }, location.origin)
