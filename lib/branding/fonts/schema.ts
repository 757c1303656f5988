import { z } from 'zod'
import { genericFonts } from '../page/schema.ts'

const Font = z.object({
  font: z.string().meta({ description: 'Its name in /fonts/<font>.css beside the page.', example: 'lato' }),
  family: z.string().meta({ description: 'What a brand names.', example: 'Lato' }),
  generic: z.enum(genericFonts).meta({ description: 'What is shown until its files are there.' }),
})

export const Fonts = z
  .object({ fonts: z.array(Font) })
  .meta({ id: 'Fonts', description: 'The font families that Tenantry serves.' })

export type Fonts = z.infer<typeof Fonts>
