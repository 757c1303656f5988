import { z } from 'zod'

const color = z.string().meta({ description: '#rrggbb or #rrggbbaa, lowercase' })
const link = z.string().nullable()
const picture = z.string().meta({
  description: 'An https URL, or of an uploaded picture a path that begins at the address of the project.',
})

export const colorNames = [
  'primary',
  'primary_hover',
  'secondary',
  'accent',
  'background',
  'background_subtle',
  'text',
  'text_muted',
  'border',
] as const

/** What a page shows in place of a family that is not there. */
export const genericFonts = ['serif', 'sans-serif', 'cursive', 'monospace'] as const
const generic = z.enum(genericFonts).nullable()

const colors = z.strictObject(
  Object.fromEntries(colorNames.map((name) => [name, color.optional()])) as Record<
    (typeof colorNames)[number],
    z.ZodOptional<typeof color>
  >,
)

/** The public part of a tenant: the answer of the public lookup. SQL renders it, field by field. */
export const PublicConfig = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    display_name: z.string(),
    tenant_type: z.string(),
    locale: z.string(),
    brand: z.strictObject({
      colors,
      fonts: z.strictObject({
        heading: z.string().nullable(),
        body: z.string().nullable(),
        fallbacks: z.strictObject({ heading: generic, body: generic }),
        served: z.array(z.string()).meta({
          description: 'The fonts of it that Tenantry serves: each has /fonts/<font>.css beside the page.',
        }),
      }),
      logo: z.strictObject({ url: picture, alt: z.string(), width: z.number().nullable() }).nullable(),
      theme_mode: z.enum(['override', 'inherit']),
      tagline: z.string().nullable(),
      messages: z.strictObject({ welcome: z.string().nullable(), completion: z.string().nullable() }),
      show_powered_by: z.boolean(),
    }),
    coach: z
      .strictObject({ name: z.string(), title: z.string().nullable(), photo: picture.nullable() })
      .nullable(),
    links: z.strictObject({ site: link, booking: link, quiz: link }),
    enabled_assessments: z.array(z.string()),
  })
  .meta({ id: 'PublicConfig', description: "A tenant's public configuration." })

export type PublicConfig = z.infer<typeof PublicConfig>
