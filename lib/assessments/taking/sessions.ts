import { createHash } from 'node:crypto'
import {
  callerDb,
  type Db,
  type FieldError,
  named,
  Problem,
  type RequestHeaders,
  sql,
} from '../../db/index.ts'
import { type Answers, answerProblems } from '../scoring/score.ts'
import { findOffer, type OpenOffer } from './offers.ts'
import type { AnswerChange, ContactChange, NewSession, SavedAnswers, Session } from './schema.ts'

/** The browser of a participant: its token, as the header says it, and where its request comes from. */
export interface Participant {
  token: string | undefined
  headers: RequestHeaders
}

/** A session with what it is taken by. Null if its campaign was deleted or is a draft again. */
export interface OpenSession {
  session: Session
  revision: number
  offer: OpenOffer | null
}

interface SessionRow extends Omit<Session, 'campaign' | 'answered_count' | 'item_count'> {
  tenant_slug: string
  campaign_ref: string | null
  revision: number
}

/** The service, because a participant is no member. What it may touch follows from the token. */
export const serviceOf = ({ headers }: Pick<Participant, 'headers'>): Db =>
  callerDb({ role: 'service_role' }, headers)

/** What is stored of a token, and looked up. 404 session_not_found for what can be none. */
export function tokenHashOf({ token }: Pick<Participant, 'token'>): Buffer {
  if (token !== undefined && /^[\w-]{43}$/.test(token)) return hashOf(token)
  throw new Problem('session_not_found', 'Send the token of the session in the header "x-session-token".')
}
const hashOf = (token: string) => createHash('sha256').update(token).digest()

/**
 * Begins a session with the token that the browser has made, or finds the one that it has begun. 404 campaign_not_found, 409
 * campaign_not_open, 409 token_taken, 429 too_many_sessions.
 */
export async function beginSession(
  slug: string,
  campaign: string,
  { token, mode, locale, landing_variant, email, full_name, has_consented }: NewSession,
  headers: RequestHeaders,
): Promise<Session> {
  const { tenantId, campaignId, offer } = await findOffer(slug, campaign)
  const chosen = mode ?? offer.modes[0]?.id
  if (!offer.modes.some(({ id }) => id === chosen))
    throw refused([
      { pointer: '/mode', detail: `must be one of ${offer.modes.map(({ id }) => id).join(', ')}` },
    ])
  // Without personas all see the same page, so there is nothing to compare.
  const variant = offer.landing.personas.length > 0 ? landing_variant : undefined
  try {
    await serviceOf({ headers }).query(sql`
      select private.begin_session(${tenantId}, ${campaignId}, ${hashOf(token)}, ${chosen}, ${locale}, ${email}, ${full_name},
        ${has_consented ?? false}, ${variant})`)
  } catch (thrown) {
    // What a tenant has paid for is no participant's business. The tenant is told by the threshold that it has reached.
    if (thrown instanceof Problem && thrown.code === 'limit_reached')
      throw new Problem('campaign_not_open', 'This campaign takes no participants now.', { cause: thrown })
    throw thrown
  }
  return (await openSession({ token, headers })).session
}

/** The session of a token, and the offer by which it is taken. 404 session_not_found. */
export async function openSession(participant: Participant): Promise<OpenSession> {
  const { tenant_slug, campaign_ref, revision, ...row } = await serviceOf(participant).one<SessionRow>(
    named(
      'find_session',
      sql`
      select (f.session).ref_id, (f.session).mode, (f.session).locale, (f.session).client_status, (f.session).email,
        (f.session).full_name, (f.session).consented_at is not null as has_consented, f.answers,
        (f.session).started_at, (f.session).completed_at, (f.session).expires_at, f.tenant_slug, f.campaign_ref, f.revision
      from private.find_session(${tokenHashOf(participant)}) as f`,
    ),
  )
  const offer = campaign_ref === null ? null : await findOffer(tenant_slug, campaign_ref).catch(notThere)
  return {
    session: {
      ...row,
      campaign: { ref_id: campaign_ref ?? '', tenant_slug },
      answered_count: Object.keys(row.answers).length,
      item_count: Object.keys(offer?.config.modes[row.mode]?.items ?? {}).length,
    },
    revision,
    offer,
  }
}

/**
 * Adds answers, and takes back those that are null. 404 session_not_found, 409 session_completed, 409 campaign_not_open, 422
 * invalid_value with what does not fit the questions.
 */
export async function saveAnswers(
  participant: Participant,
  { answers }: AnswerChange,
): Promise<SavedAnswers> {
  const { session, offer } = await openSession(participant)
  const mode = offer?.config.modes[session.mode]
  if (!mode) throw ended()
  const given = Object.entries(answers)
  const kept = Object.fromEntries(given.filter(([, value]) => value !== null)) as Answers
  const removed = given.filter(([, value]) => value === null).map(([id]) => id)
  const strange = removed.filter((id) => !Object.hasOwn(mode.items, id))
  const problems = [
    ...answerProblems(mode, kept),
    ...strange.map((id) => ({ pointer: `/answers/${id}`, detail: 'is no item of this mode' })),
  ]
  if (problems.length > 0) throw refused(problems.slice(0, 20))
  const { answered_count, saved_at } = await serviceOf(participant).one<Omit<SavedAnswers, 'item_count'>>(sql`
    select (select count(*)::int from jsonb_object_keys(s.saved)) as answered_count, s.saved_at
    from private.save_answers(${tokenHashOf(participant)}, ${JSON.stringify(kept)}::jsonb, ${removed}::text[]) as s`)
  return { answered_count, item_count: session.item_count, saved_at }
}

/** Notes who takes the assessment. 404 session_not_found, 409 campaign_not_open. */
export async function saveContact(
  participant: Participant,
  { email, full_name, has_consented }: ContactChange,
): Promise<Session> {
  await serviceOf(participant).query(sql`
    select private.save_contact(${tokenHashOf(participant)}, ${email}, ${full_name}, ${has_consented}::boolean)`)
  return (await openSession(participant)).session
}

export const ended = () => new Problem('campaign_not_open', 'This campaign has ended.')

function notThere(thrown: unknown): null {
  if (thrown instanceof Problem && thrown.code === 'campaign_not_found') return null
  throw thrown
}

const refused = (errors: FieldError[]) =>
  new Problem('invalid_value', 'These answers do not fit the questions.', { errors })
