import { call } from '../../kit/call.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

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
  'GET /assessments/frameworks/:framework/config/scheduled': {
    noun: 'scheduled',
    ...newestFirst,
    path: { framework: 'money-archetypes' },
    async fill({ tenant, owner }) {
      for (const headline of ['One', 'Two', 'Three']) {
        const ask = (method: string, rest: string, tag: string, body: object) =>
          call(`/assessments/frameworks/money-archetypes/config/draft${rest}`, {
            method,
            token: owner.token,
            tenant: tenant.slug,
            headers: { 'if-match': tag },
            body,
          })
        const draft = await ask('PUT', '', '"0"', { base_version: 0, landing_overrides: { headline } })
        const publish_at = new Date(Date.now() + 86_400_000).toISOString()
        await ask('POST', '/schedule', draft.headers.get('etag')!, { publish_at })
      }
    },
  },
  'GET /assessments/frameworks/:framework/config': { isNoList: 'one configuration, with its test clients' },
  'GET /assessments/frameworks/:framework/config/versions/:version/diff': {
    isNoList: 'the steps from one version to another',
  },
} satisfies ListRules
