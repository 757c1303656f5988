import { manager, type RouteRules } from '../../kit/rules/routes.ts'
import { samples } from '../../storage/samples.ts'

const picture = {
  may: [manager],
  headers: { 'content-type': 'image/png' },
  body: () => samples['image/png'],
}

export default {
  'PUT /branding/brand/logo': picture,
  'PUT /branding/brand/coach-photo': picture,
} satisfies RouteRules
