import { Fonts, listFonts } from '../../lib/branding/index.ts'
import { describeRoute, router } from '../../lib/http/index.ts'

/** For whoever offers fonts to choose from. */
export const fonts = router({ auth: 'user' }).get(
  '/',
  describeRoute('List the font families that Tenantry serves, by name', {
    200: { description: 'All of them.', schema: Fonts },
  }),
  async (c) => c.json(await listFonts(c.var.db)),
)
