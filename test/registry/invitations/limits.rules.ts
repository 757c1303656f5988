import { randomBytes } from 'node:crypto'
import {
  asDatabase,
  asOwner,
  type Db,
  type Given,
  type LimitTrick,
  refusal,
  untilRefused,
} from '../../kit/rules/limits.ts'

const inviteTo = (db: Db, { tenant }: Given, email: string) =>
  refusal(db, `select public.invite_member($1, $2, 'member', sha256($3), now() + interval '1 hour')`, [
    tenant.id,
    email,
    randomBytes(8),
  ])
const invite = (db: Db, given: Given) => inviteTo(db, given, `${randomBytes(6).toString('hex')}@example.com`)
const revokeAll = (db: Db, { tenant }: Given) =>
  db.query(
    `select public.revoke_invitation(tenant_id, id) from public.tenant_invitations
     where tenant_id = $1 and accepted_at is null and revoked_at is null`,
    [tenant.id],
  )

/** As if so many had been sent today: each takes its time. */
const haveSent = (db: Db, { tenant }: Given, count: number) =>
  asDatabase(
    db,
    `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
     values ($1, 'invitation_sent', date_trunc('day', now(), 'UTC'), $2)`,
    [tenant.id, count],
  )

export default [
  {
    code: 'too_many_invitations',
    trick: 'leave them open',
    run: (given) => asOwner(given, (db) => untilRefused(100, () => invite(db, given))),
  },
  {
    code: 'too_many_invitations',
    trick: 'revoke each one',
    run: (given) =>
      asOwner(given, async (db) => {
        await haveSent(db, given, 290)
        return untilRefused(10, async () => {
          const code = await invite(db, given)
          await revokeAll(db, given)
          return code
        })
      }),
  },
  {
    code: 'too_many_invitations',
    trick: 'let each one expire and be removed',
    run: (given) =>
      asOwner(given, async (db) => {
        await haveSent(db, given, 290)
        return untilRefused(10, async () => {
          const code = await invite(db, given)
          await asDatabase(db, 'delete from public.tenant_invitations where tenant_id = $1', [
            given.tenant.id,
          ])
          return code
        })
      }),
  },
  {
    code: 'too_many_invitations',
    trick: 'revoke those to one address',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(10, async () => {
          const code = await inviteTo(db, given, 'ada@example.com')
          await revokeAll(db, given)
          return code
        }),
      ),
  },
  {
    code: 'too_many_invitations',
    trick: 'send each one again',
    run: (given) =>
      asOwner(given, async (db) => {
        await haveSent(db, given, 290)
        // Each is sent twice.
        return untilRefused(5, async () => {
          const code = await invite(db, given)
          await asDatabase(
            db,
            `update public.tenant_invitations set sent_at = now() - interval '2 minutes' where tenant_id = $1`,
            [given.tenant.id],
          )
          if (code === undefined)
            await db.query(
              `select public.resend_invitation(tenant_id, id, sha256($2), now() + interval '1 hour')
           from public.tenant_invitations where tenant_id = $1 and revoked_at is null`,
              [given.tenant.id, randomBytes(8)],
            )
          await revokeAll(db, given)
          return code
        })
      }),
  },
  {
    code: 'resent_too_soon',
    trick: 'send it twice in a minute',
    run: (given) =>
      asOwner(given, async (db) => {
        await invite(db, given)
        return refusal(
          db,
          `select public.resend_invitation(tenant_id, id, sha256($2), now() + interval '1 hour')
       from public.tenant_invitations where tenant_id = $1`,
          [given.tenant.id, randomBytes(8)],
        )
      }),
  },
] satisfies LimitTrick[]
