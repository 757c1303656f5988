import type { Context } from 'hono'
import { Hono } from 'hono'
import {
  ConfigDraft,
  cancelScheduled,
  DraftChange,
  deleteDraft,
  expectedRevision,
  FrameworkConfig,
  FrameworkPath,
  listScheduled,
  PreviewRequest,
  Publications,
  previewScores,
  publishDraft,
  publishDue,
  ReceivedDraftChange,
  ResolvedAnswer,
  ResolvedQuery,
  readDraft,
  readResolvedDraft,
  revisionTag,
  Schedule,
  ScheduledConfig,
  ScheduledConfigs,
  ScheduledPath,
  ScheduledQuery,
  ScoringPreview,
  saveDraft,
  scheduleDraft,
} from '../../lib/assessments/index.ts'
import {
  askerOf,
  body,
  describeRoute,
  Problem,
  params,
  query,
  router,
  versionTag,
} from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' })
  .get(
    '/:framework/config/draft',
    describeRoute(
      'Read the draft of a framework',
      { 200: { description: 'The draft. The ETag is for If-Match.', schema: ConfigDraft } },
      ['framework_not_found', 'draft_not_found'],
    ),
    params(FrameworkPath),
    async (c) => answered(c, await readDraft(c.var.db, c.var.tenant.id, c.req.valid('param').framework)),
  )
  .get(
    '/:framework/config/draft/resolved',
    describeRoute(
      'Read a framework as it is with the draft',
      {
        200: {
          description: 'The base with the published changes and those of the draft.',
          schema: ResolvedAnswer,
        },
      },
      ['framework_not_found', 'draft_not_found'],
    ),
    params(FrameworkPath),
    query(ResolvedQuery),
    async (c) => {
      const { framework } = c.req.valid('param')
      c.header('cache-control', 'private, no-store')
      return c.json(await readResolvedDraft(c.var.db, c.var.tenant.id, framework, c.req.valid('query')))
    },
  )
  .post(
    '/:framework/config/draft/preview',
    describeRoute(
      'See what answers would say with the draft',
      { 200: { description: 'The scores. Nothing is kept.', schema: ScoringPreview } },
      ['framework_not_found', 'draft_not_found', 'invalid_value'],
    ),
    params(FrameworkPath),
    body(PreviewRequest),
    async (c) => {
      const { framework } = c.req.valid('param')
      return c.json(
        await previewScores(c.var.db, c.var.tenant.id, framework, c.req.valid('json'), readResolvedDraft),
      )
    },
  )
  .get(
    '/:framework/config/scheduled',
    describeRoute(
      'List what is scheduled, the newest first',
      { 200: { description: 'A page of it, with what was suspended.', schema: ScheduledConfigs } },
      ['framework_not_found'],
    ),
    params(FrameworkPath),
    query(ScheduledQuery),
    async (c) =>
      c.json(
        await listScheduled(c.var.db, c.var.tenant.id, c.req.valid('param').framework, c.req.valid('query')),
      ),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:framework/config/draft',
    describeRoute(
      'Make the draft, or replace it',
      { 200: { description: 'The draft. If-Match must name the one before, or "0".', schema: ConfigDraft } },
      [
        'framework_not_found',
        'version_not_kept',
        'feature_not_in_plan',
        'draft_changed',
        'if_match_required',
        'invalid_value',
      ],
    ),
    params(FrameworkPath),
    body(ReceivedDraftChange, { shownAs: DraftChange }),
    async (c) =>
      answered(
        c,
        await saveDraft(
          askerOf(c),
          c.var.tenant.id,
          c.req.valid('param').framework,
          requireRevision(c),
          c.req.valid('json'),
        ),
      ),
  )
  .delete(
    '/:framework/config/draft',
    describeRoute('Throw the draft away', { 204: { description: 'There is no draft any more.' } }, [
      'draft_not_found',
      'draft_changed',
      'if_match_required',
    ]),
    params(FrameworkPath),
    async (c) => {
      await deleteDraft(askerOf(c), c.var.tenant.id, c.req.valid('param').framework, requireRevision(c))
      return c.body(null, 204)
    },
  )
  .post(
    '/:framework/config/draft/publish',
    describeRoute(
      'Publish the draft now',
      { 200: { description: 'The new version. If-Match must name the draft.', schema: FrameworkConfig } },
      [
        'framework_not_found',
        'draft_not_found',
        'feature_not_in_plan',
        'draft_changed',
        'version_mismatch',
        'if_match_required',
        'invalid_value',
      ],
    ),
    params(FrameworkPath),
    async (c) => {
      const config = await publishDraft(
        askerOf(c),
        c.var.tenant.id,
        c.req.valid('param').framework,
        requireRevision(c),
      )
      c.header('etag', versionTag(config.version))
      c.header('cache-control', 'private, no-cache')
      return c.json(config)
    },
  )
  .post(
    '/:framework/config/draft/schedule',
    describeRoute(
      'Have the draft published at a moment',
      { 201: { description: 'What is scheduled. If-Match must name the draft.', schema: ScheduledConfig } },
      [
        'framework_not_found',
        'draft_not_found',
        'draft_changed',
        'version_mismatch',
        'too_many_scheduled',
        'if_match_required',
        'invalid_value',
      ],
    ),
    params(FrameworkPath),
    body(Schedule),
    async (c) =>
      c.json(
        await scheduleDraft(
          askerOf(c),
          c.var.tenant.id,
          c.req.valid('param').framework,
          requireRevision(c),
          c.req.valid('json'),
        ),
        201,
      ),
  )
  .delete(
    '/:framework/config/scheduled/:scheduled',
    describeRoute('Cancel what is scheduled', { 204: { description: 'It will not be published.' } }, [
      'not_found',
    ]),
    params(ScheduledPath),
    async (c) => {
      const { framework, scheduled } = c.req.valid('param')
      await cancelScheduled(askerOf(c), c.var.tenant.id, framework, scheduled)
      return c.body(null, 204)
    },
  )

const service = router({ auth: 'service' }).post(
  '/publish-due',
  describeRoute('Publish the scheduled changes that are due', {
    200: {
      description: 'How many were published, how many were suspended, and how many are tried again.',
      schema: Publications,
    },
  }),
  async (c) => c.json(await publishDue(c.var.db)),
)

function answered(c: Context, draft: ConfigDraft) {
  c.header('etag', revisionTag(draft.revision))
  c.header('cache-control', 'private, no-cache')
  return c.json(draft)
}

function requireRevision(c: Context): string {
  const revision = expectedRevision(c.req.header('if-match'))
  if (revision !== undefined) return revision
  throw new Problem(
    'if_match_required',
    'Send the ETag of the draft that you read as If-Match, with its quotes, or "0" if there is no draft.',
  )
}

/** What is not published yet. Cron wakes the last of these routes. */
export const drafts = new Hono().route('/', read).route('/', manage).route('/', service)
