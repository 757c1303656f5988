import { beforeAll, describe, expect, it } from 'vitest'
import { admin, superuser } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { recorded } from './recorded.ts'

let tenant: Tenant
beforeAll(async () => {
  tenant = await makeTenant()
})

describe('secrets and personal data', () => {
  it('of a participant: only that they changed', async () => {
    const { rows: made } = await admin.query<{ id: string }>(
      `insert into public.participant_sessions (tenant_id, email, full_name, token_hash)
       values ($1, 'who@example.com', 'Who Ever', sha256('x')) returning id`,
      [tenant.id],
    )
    const rows = await recorded(tenant.id, () =>
      admin.query(
        `update public.participant_sessions set email = 'other@example.com', full_name = 'What Ever', client_status = 'started'
         where id = $1`,
        [made[0]!.id],
      ),
    )
    expect(rows[0]!.metadata).toEqual({
      changes: {
        email: { is_redacted: true },
        full_name: { is_redacted: true },
        client_status: { old: 'registered', new: 'started' },
      },
    })
    const { rows: all } = await superuser.query(
      `select from public.audit_log where tenant_id = $1 and (metadata::text || coalesce(target_name, '')) ~ 'example.com|Ever'`,
      [tenant.id],
    )
    expect(all).toEqual([])
  })

  it('in a text of another name, and within JSON', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query(
        `with t as (update public.tenants set sales_owner = 'Sam', metadata = '{"a": 1}', status_reason = 'sales@example.com' where id = $1)
         insert into public.tenant_products (tenant_id, product, config) values ($1, 'marketing', $2)`,
        [
          tenant.id,
          JSON.stringify({
            apiKey: 'k',
            deep: [{ contactEmail: 'x@example.com', note: 'call me at me@example.com' }],
            fine: 1,
          }),
        ],
      ),
    )
    const changesOf = (action: string) =>
      (rows.find((row) => row.action === action)!.metadata as { changes: Record<string, { new: unknown }> })
        .changes
    const changes = changesOf('tenants.updated')
    expect(changes.sales_owner).toEqual({ is_redacted: true })
    expect(changes.metadata).toEqual({ is_redacted: true })
    expect(changes.status_reason!.new).toBe('[redacted]')
    expect(changesOf('tenant_products.created').config!.new).toEqual({
      apiKey: '[redacted]',
      deep: [{ contactEmail: '[redacted]', note: '[redacted]' }],
      fine: 1,
    })
  })

  it.each([
    ...[
      'token_hash',
      'secret',
      'client_secret_id',
      'password',
      'email',
      'coach_email',
      'email_config',
      'verification_token',
    ],
    ...[
      'full_name',
      'phone',
      'billing_name',
      'billing_address',
      'gst_number',
      'accessToken',
      'api_key',
      'lastName',
    ],
  ])('%s is kept out by its name', async (name) => {
    const { rows } = await superuser.query(
      'select private.is_sensitive($1) as is, private.redact_json(jsonb_build_object($1::text, 1)) ->> $1 as kept',
      [name],
    )
    expect(rows[0]).toEqual({ is: true, kept: '[redacted]' })
  })
  it.each(['name', 'slug', 'host', 'status', 'tokens_used', 'role', 'display_name', 'expires_at'])(
    '%s is not',
    async (name) => {
      const { rows } = await superuser.query('select private.is_sensitive($1) as is', [name])
      expect(rows[0].is).toBe(false)
    },
  )

  it('a value that is very long is left out', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query(`insert into public.tenant_products (tenant_id, product, config) values ($1, 'bots', $2)`, [
        tenant.id,
        JSON.stringify({ x: 'y'.repeat(5000) }),
      ]),
    )
    expect(JSON.stringify(rows[0]!.metadata)).toContain('"new":"[too long]"')
  })
})
