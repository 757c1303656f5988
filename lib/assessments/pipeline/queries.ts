import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type CompletionQuery,
  type Completions,
  clientStatuses,
  type Participant,
  type ParticipantDetails,
  type ParticipantMove,
  type ParticipantQuery,
  type Participants,
  type Pipeline,
  participantOrder,
} from './schema.ts'

// As a range, so that only the index of sessions is in its order. With an equation, whoever planned this while the table was
// small would read all results of the tenant for each participant, by any index that begins with the tenant.
const primaryOfSession = sql`(
  select r.primary_id from public.assessment_results as r
  where r.tenant_id = s.tenant_id and r.session_id >= s.id and r.session_id <= s.id order by r.session_id limit 1)`

const participantColumns = sql`
  s.ref_id, (select jsonb_build_object('ref_id', c.ref_id, 'name', c.name) from public.campaigns as c
    where c.tenant_id = s.tenant_id and c.id = s.campaign_id) as campaign,
  s.email, s.full_name, s.consented_at is not null as has_consented, s.client_status, s.mode, s.locale, s.landing_variant,
  ${primaryOfSession} as primary_id,
  s.started_at, s.completed_at, s.expires_at, s.created_at`

/**
 * A page of a tenant's participants, the newest first. Status and campaign have an index that is in this order. A search reads
 * back through the names of the tenant until the page is full, and only those participants whom it finds.
 */
export async function listParticipants(
  db: Db,
  tenantId: string,
  { limit, cursor, client_status, campaign, search }: Omit<ParticipantQuery, 'format'>,
): Promise<Participants> {
  const { rows, next_cursor } = await readPage<Participant>(
    db,
    participantOrder,
    { limit, cursor, client_status, campaign, search },
    (rowCount) =>
      search
        ? // In the order of the function: a lateral join takes one row after the other. By a range, as the result above:
          // with an equation, an index was chosen in which all of the tenant is read for each of them.
          sql`
    select ${participantColumns}
    from private.find_participants(${tenantId}, ${search}, ${client_status}, private.ulid_to_uuid(${campaign}),
      private.ulid_to_uuid(${cursor?.ref_id}), ${rowCount}) as f (id)
    cross join lateral (select * from public.participant_sessions as o
      where o.tenant_id = ${tenantId} and o.id >= f.id and o.id <= f.id order by o.id limit 1) as s`
        : sql`
    select ${participantColumns}
    from public.participant_sessions as s
    where s.tenant_id = ${tenantId} ${client_status ? sql`and s.client_status = ${client_status}` : sql``}
      ${campaign ? sql`and s.campaign_id = private.ulid_to_uuid(${campaign})` : sql``}
      ${cursor ? sql`and s.id < private.ulid_to_uuid(${cursor.ref_id})` : sql``}
    order by s.id desc limit ${rowCount}`,
    { isLeftOut: true },
  )
  return { participants: rows, next_cursor }
}

/** One participant, with answers, result and history. 404 participant_not_found. */
export async function readParticipant(db: Db, tenantId: string, ref: string): Promise<ParticipantDetails> {
  const [found] = await db.query<ParticipantDetails>(sql`
    select ${participantColumns},
      coalesce((select a.answers from public.participant_answers as a where a.tenant_id = s.tenant_id and a.session_id = s.id), '{}') as answers,
      (select jsonb_build_object('ref_id', r.ref_id, 'framework_id', r.framework_id, 'mode', r.mode, 'scores', r.scores,
          'primary_id', r.primary_id, 'secondary_id', r.secondary_id, 'answered_count', r.answered_count, 'item_count', r.item_count,
          'config_version', r.config_version, 'completed_at', r.completed_at)
        from public.assessment_results as r where r.tenant_id = s.tenant_id and r.session_id = s.id) as result,
      (select jsonb_build_object('text', w.words, 'model', w.model, 'written_at', w.written_at) from public.participant_reflections as w
        where w.tenant_id = s.tenant_id and w.session_id = s.id and w.status = 'written') as reflection,
      coalesce((select jsonb_agg(jsonb_build_object('item_id', i.item_id, 'answer', i.answer, 'text', i.words, 'model', i.model)
          order by i.begun_at, i.item_id)
        from public.participant_insights as i where i.tenant_id = s.tenant_id and i.session_id = s.id and i.status = 'written'), '[]') as remarks,
      coalesce((select jsonb_agg(jsonb_build_object('from_status', m.from_status, 'to_status', m.to_status,
          'moved_by', (select p.ref_id from public.user_profiles as p where p.user_id = m.moved_by), 'moved_at', m.moved_at) order by m.id desc)
        from (select o.* from public.participant_moves as o where o.tenant_id = s.tenant_id and o.session_id = s.id
          order by o.id desc limit 100) as m), '[]') as moves,
      exists (select from public.client_bios as b where b.tenant_id = s.tenant_id and b.session_id = s.id) as has_bio,
      (select count(*)::int from public.client_documents as d
        where d.tenant_id = s.tenant_id and d.session_id = s.id and d.state = 'stored') as document_count
    from public.participant_sessions as s
    where s.tenant_id = ${tenantId} and s.ref_id = ${ref}`)
  if (!found) throw notFound()
  // Inside JSON, Postgres writes a moment in its own form.
  const utc = (moment: string | Date) => new Date(moment).toISOString()
  return {
    ...found,
    result: found.result && { ...found.result, completed_at: utc(found.result.completed_at) },
    reflection: found.reflection && { ...found.reflection, written_at: utc(found.reflection.written_at) },
    moves: found.moves.map((move) => ({ ...move, moved_at: utc(move.moved_at) })),
  }
}

/** Moves a participant in the pipeline. 404 participant_not_found, 422 invalid_value if it contradicts what has happened. */
export async function moveParticipant(
  db: Db,
  tenantId: string,
  ref: string,
  { client_status }: ParticipantMove,
): Promise<ParticipantDetails> {
  return db.transaction(async (tx) => {
    const moved = await tx.query(sql`
      update public.participant_sessions as s set client_status = ${client_status}
      where s.tenant_id = ${tenantId} and s.ref_id = ${ref} returning s.id`)
    if (moved.length === 0) throw notFound()
    return readParticipant(tx, tenantId, ref)
  })
}

/** How many participants have each status, and in a campaign what became of those who saw each landing. */
export async function readPipeline(
  db: Db,
  tenantId: string,
  { campaign }: { campaign?: string | undefined },
): Promise<Pipeline> {
  const rows = await db.query<{
    client_status: keyof Pipeline['statuses']
    landing_variant: Participant['landing_variant']
    count: number
    completed: number
  }>(sql`
    select s.client_status, s.landing_variant, count(*)::int as count, count(s.completed_at)::int as completed
    from public.participant_sessions as s
    where s.tenant_id = ${tenantId} ${campaign ? sql`and s.campaign_id = private.ulid_to_uuid(${campaign})` : sql``}
    group by s.client_status, s.landing_variant`)
  const sum = (of: typeof rows, figure: 'count' | 'completed' = 'count') =>
    of.reduce((total, row) => total + row[figure], 0)
  const having = (status: keyof Pipeline['statuses'], of = rows) =>
    of.filter((row) => row.client_status === status)
  const statuses = Object.fromEntries(
    clientStatuses.map((status) => [status, sum(having(status))]),
  ) as Pipeline['statuses']
  const total = sum(rows)
  const completed = sum(rows, 'completed')
  const converted = sum(having('converted'), 'completed')
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  const variant = (name: Participant['landing_variant']) => {
    const those = rows.filter((row) => row.landing_variant === name)
    return {
      started: sum(those),
      completed: sum(those, 'completed'),
      converted: sum(having('converted', those)),
    }
  }
  return {
    statuses,
    total,
    completed_share: share(completed, total),
    converted_share: share(converted, completed),
    // Each campaign has a share of its own, so figures of several say nothing.
    landing_variants: campaign ? { personas: variant('personas'), plain: variant('plain') } : null,
  }
}

/** Completed assessments by day and format, in the tenant's time zone. */
export async function readCompletions(
  db: Db,
  tenantId: string,
  { since, until, campaign }: CompletionQuery,
): Promise<Completions> {
  const end = until === undefined ? new Date() : new Date(until)
  const start = since === undefined ? new Date(end.getTime() - 30 * 86_400_000) : new Date(since)
  return db.one<Completions>(sql`
    select t.time_zone, coalesce((
      select jsonb_agg(jsonb_build_object('day', d.day, 'framework_id', d.framework_id, 'mode', d.mode, 'count', d.count)
        order by d.day, d.framework_id, d.mode)
      from (
        select (r.completed_at at time zone t.time_zone)::date as day, r.framework_id, r.mode, count(*)::int as count
        from public.assessment_results as r
        where r.tenant_id = t.id and r.completed_at >= ${start} and r.completed_at < ${end}
          ${campaign ? sql`and r.campaign_id = private.ulid_to_uuid(${campaign})` : sql``}
        group by 1, 2, 3) as d), '[]') as days
    from public.tenants as t where t.id = ${tenantId}`)
}

const notFound = () =>
  new Problem('participant_not_found', 'This tenant has no participant with this ref_id.')
