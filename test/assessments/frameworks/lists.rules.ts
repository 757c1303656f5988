import { call } from '../../kit/call.ts'
import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /assessments/frameworks': { noun: 'frameworks', by: (row) => row.framework_id!, order: 'by name' },
  'GET /assessments/frameworks/:framework/config/versions': {
    noun: 'versions',
    by: (row) => String(row.version),
    order: 'the newest first',
    path: { framework: 'industry4' },
    async fill({ tenant, owner }) {
      for (const version of [0, 1, 2])
        await call('/assessments/frameworks/industry4/config', {
          method: 'PATCH',
          token: owner.token,
          tenant: tenant.slug,
          headers: { 'if-match': `"${version}"` },
          body: { landing_overrides: { headline: `Version ${version + 1}` } },
        })
    },
  },
  'GET /assessments/frameworks/:framework/config': { isNoList: 'one configuration, with its test clients' },
  'GET /assessments/frameworks/:framework/config/versions/:version/diff': {
    isNoList: 'the steps from one version to another',
  },
} satisfies ListRules
