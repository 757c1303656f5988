import type { Context } from 'hono'
import { Hono } from 'hono'
import {
  ConfigChange,
  ConfigDiff,
  ConfigVersion,
  ConfigVersionQuery,
  ConfigVersions,
  DiffQuery,
  diffVersions,
  FrameworkConfig,
  FrameworkPath,
  FrameworkQuery,
  Frameworks,
  findResolved,
  listFrameworks,
  listVersions,
  PreviewRequest,
  previewScores,
  ReceivedConfigChange,
  ResolvedAnswer,
  ResolvedQuery,
  Restoration,
  readConfig,
  readResolved,
  readVersion,
  restoreVersion,
  ScoringPreview,
  updateConfig,
  VersionPath,
} from '../../lib/assessments/index.ts'
import {
  askerOf,
  body,
  type Db,
  describeRoute,
  etagOf,
  ifNoneMatches,
  params,
  query,
  requireVersion,
  router,
  versionTag,
} from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('List the frameworks, by name', {
      200: {
        description: 'A page of them, each with the version of your configuration.',
        schema: Frameworks,
      },
    }),
    query(FrameworkQuery),
    async (c) => c.json(await listFrameworks(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:framework/config',
    describeRoute(
      'Read what you change of a framework',
      { 200: { description: 'The nine columns. The ETag is for If-Match.', schema: FrameworkConfig } },
      ['framework_not_found'],
    ),
    params(FrameworkPath),
    async (c) => answered(c, await readConfig(c.var.db, c.var.tenant.id, c.req.valid('param').framework)),
  )
  .get(
    '/:framework/config/resolved',
    describeRoute(
      'Read a framework as it is for you',
      {
        200: { description: 'The base with your changes in it.', schema: ResolvedAnswer },
        304: { description: 'The version named in If-None-Match is still the current one.' },
      },
      ['framework_not_found'],
    ),
    params(FrameworkPath),
    query(ResolvedQuery),
    async (c) => {
      const { framework } = c.req.valid('param')
      const { text, etag } = await resolvedText(c.var.db, c.var.tenant.id, framework, c.req.valid('query'))
      const headers = {
        etag,
        'cache-control': 'private, no-cache',
        vary: 'authorization, x-tenant',
      }
      if (ifNoneMatches(c.req.header('if-none-match'), headers.etag)) return c.body(null, 304, headers)
      return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
    },
  )
  .get(
    '/:framework/config/versions',
    describeRoute(
      'List the versions of your configuration, the newest first',
      { 200: { description: 'A page of those that are kept: the newest 50.', schema: ConfigVersions } },
      ['framework_not_found'],
    ),
    params(FrameworkPath),
    query(ConfigVersionQuery),
    async (c) =>
      c.json(
        await listVersions(c.var.db, c.var.tenant.id, c.req.valid('param').framework, c.req.valid('query')),
      ),
  )
  .get(
    '/:framework/config/versions/:version',
    describeRoute('Read a version', { 200: { description: 'The version.', schema: ConfigVersion } }, [
      'version_not_kept',
    ]),
    params(VersionPath),
    async (c) => {
      const { framework, version } = c.req.valid('param')
      return c.json(await readVersion(c.var.db, c.var.tenant.id, framework, version))
    },
  )
  .get(
    '/:framework/config/versions/:version/diff',
    describeRoute(
      'Compare a version with another',
      { 200: { description: 'What leads from this one to the other.', schema: ConfigDiff } },
      ['framework_not_found', 'version_not_kept'],
    ),
    params(VersionPath),
    query(DiffQuery),
    async (c) => {
      const { framework, version } = c.req.valid('param')
      return c.json(
        await diffVersions(c.var.db, c.var.tenant.id, framework, version, c.req.valid('query').to),
      )
    },
  )
  .post(
    '/:framework/config/preview',
    describeRoute(
      'See what answers would say',
      { 200: { description: 'The scores. Nothing is kept.', schema: ScoringPreview } },
      ['framework_not_found', 'invalid_value'],
    ),
    params(FrameworkPath),
    body(PreviewRequest),
    async (c) =>
      c.json(
        await previewScores(c.var.db, c.var.tenant.id, c.req.valid('param').framework, c.req.valid('json')),
      ),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .patch(
    '/:framework/config',
    describeRoute(
      'Change your configuration of a framework',
      {
        200: { description: 'The new version. If-Match must name the one before.', schema: FrameworkConfig },
      },
      [
        'framework_not_found',
        'feature_not_in_plan',
        'version_mismatch',
        'if_match_required',
        'invalid_value',
      ],
    ),
    params(FrameworkPath),
    body(ReceivedConfigChange, { shownAs: ConfigChange }),
    async (c) =>
      answered(
        c,
        await updateConfig(
          askerOf(c),
          c.var.tenant.id,
          c.req.valid('param').framework,
          requireVersion(c),
          c.req.valid('json'),
        ),
      ),
  )
  .post(
    '/:framework/config/restore',
    describeRoute(
      'Bring a version back, as the next one',
      {
        200: { description: 'The new version. If-Match must name the one before.', schema: FrameworkConfig },
      },
      [
        'framework_not_found',
        'version_not_kept',
        'feature_not_in_plan',
        'version_mismatch',
        'if_match_required',
        'invalid_value',
      ],
    ),
    params(FrameworkPath),
    body(Restoration),
    async (c) =>
      answered(
        c,
        await restoreVersion(
          askerOf(c),
          c.var.tenant.id,
          c.req.valid('param').framework,
          requireVersion(c),
          c.req.valid('json'),
        ),
      ),
  )

async function resolvedText(db: Db, tenantId: string, framework: string, { explain }: { explain: boolean }) {
  if (!explain) return findResolved(db, tenantId, framework)
  const text = JSON.stringify(await readResolved(db, tenantId, framework, { explain }))
  return { text, etag: etagOf(text) }
}

function answered(c: Context, config: FrameworkConfig) {
  c.header('etag', versionTag(config.version))
  c.header('cache-control', 'private, no-cache')
  return c.json(config)
}

/** The frameworks, and what a tenant makes of them. */
export const frameworks = new Hono().route('/', read).route('/', manage)
