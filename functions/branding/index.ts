import { createApp } from '../../lib/http/index.ts'
import { brand } from './brand.ts'
import { address, domains } from './domains.ts'
import { fonts } from './fonts.ts'
import { lookup } from './lookup.ts'
import { pictures } from './pictures.ts'

export const app = createApp('branding')
  .route('/', lookup)
  .route('/brand', brand)
  .route('/brand', pictures)
  .route('/address', address)
  .route('/domains', domains)
  .route('/fonts', fonts)

Deno.serve(app.fetch)
