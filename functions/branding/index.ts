import { createApp } from '../../lib/http/index.ts'
import { brand } from './brand.ts'
import { domains } from './domains.ts'
import { fonts } from './fonts.ts'
import { lookup } from './lookup.ts'

export const app = createApp('branding')
  .route('/', lookup)
  .route('/brand', brand)
  .route('/domains', domains)
  .route('/fonts', fonts)

Deno.serve(app.fetch)
