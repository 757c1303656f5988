// The page as visitors get it, by the modules that they run.
import { applyTheme } from '../page/theme.js'
import { showBrand } from '../page/view.js'
import { onDraft } from './preview-frame.ts'

onDraft((config) => {
  applyTheme(config)
  showBrand(config)
})
