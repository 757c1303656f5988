import { Brand, forgetPage, uploadCoachPhoto, uploadLogo } from '../../lib/branding/index.ts'
import { describeRoute, file, router } from '../../lib/http/index.ts'
import { pictureTypes } from '../../lib/storage/index.ts'
import { answerBrand } from './brand.ts'

const describeUpload = (what: string) =>
  describeRoute(what, { 200: { description: 'The whole brand after the change.', schema: Brand } }, [
    'invalid_file',
    'too_many_uploads',
  ])

/** PNG, JPEG or WebP. No SVG: it can hold scripts, and the address of the file would run them. */
export const pictures = router({ auth: 'member', permission: 'manage' })
  .put('/logo', describeUpload('Upload the logo of a brand'), file(pictureTypes), async (c) => {
    const { bytes, type } = c.req.valid('form')
    const changed = await uploadLogo(c.var.db, c.var.tenant, bytes, type)
    forgetPage(c.var.tenant.slug)
    return answerBrand(c, changed)
  })
  .put('/coach-photo', describeUpload('Upload the photo of the coach'), file(pictureTypes), async (c) => {
    const { bytes, type } = c.req.valid('form')
    const changed = await uploadCoachPhoto(c.var.db, c.var.tenant, bytes, type)
    forgetPage(c.var.tenant.slug)
    return answerBrand(c, changed)
  })
