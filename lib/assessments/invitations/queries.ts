import { randomBytes } from 'node:crypto'
import { type Db, sql } from '../../db/index.ts'
import { findOffer } from '../taking/offers.ts'
import type { InvitationAnswer, NewInvitations } from './schema.ts'

/**
 * Makes a participant of each, or finds the one of an earlier invitation, and mails each a link of their own: all of them, or
 * nobody. 402 feature_not_in_plan, limit_reached; 404 campaign_not_found; 409 campaign_not_open, address_suppressed; 422
 * invalid_value; 429 invited_too_soon.
 */
export async function inviteParticipants(
  db: Db,
  tenant: { id: string; slug: string },
  campaign: string,
  { people }: NewInvitations,
): Promise<InvitationAnswer> {
  // As participants will see it, so that nobody is invited to what is not there.
  const { campaignId, offer } = await findOffer(tenant.slug, campaign)
  // They are in the database as hashes, and in the mail until it is sent.
  const tokens = people.map(() => randomBytes(32).toString('base64url'))
  const rows = await db.query<{ participant: string; is_new: boolean }>(sql`
    select i.participant, i.is_new
    from private.invite_participants(${tenant.id}, ${campaignId}, ${offer.modes[0]?.id}, ${offer.framework.language},
      ${people.map(({ email }) => email)}::text[], ${people.map(({ full_name }) => full_name ?? null)}::text[],
      ${people.map(({ locale }) => locale ?? null)}::text[], ${tokens}::text[]) as i`)
  return { invited: rows.map((row, n) => ({ email: people[n]?.email ?? '', ...row })) }
}
