import { beforeEach, describe, expect, inject, it } from 'vitest'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { type Mail, mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { jobsOf, logOf, makeReader, settledJobs, tell } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makeReader()
  tenant = await makeTenant({ owner })
})

const headerOf = (mail: Mail | undefined, name: string) =>
  mail?.headers.find((header) => header.name.toLowerCase() === name)?.value

describe('a notification', () => {
  it('arrives by mail, in the language of the person and the look of the tenant, once', async () => {
    await admin.query(`update public.user_profiles set locale = 'de' where user_id = $1`, [owner.id])
    await admin.query(
      `update public.tenant_brands set display_name = 'Ada & Co', brand = '{"colors": {"primary": "#0b6e4f"}}',
         email_config = '{"from_name": "Ada", "reply_to": "ada@example.com"}' where tenant_id = $1`,
      [tenant.id],
    )
    await tell(tenant)
    expect(await settledJobs(tenant)).toMatchObject([
      { status: 'sent', provider: 'smtp', template_version: 1, data: {}, error: null },
    ])
    const mails = await mailTo(owner.email)
    expect(mails).toHaveLength(1)
    const [mail] = mails
    expect(mail!.subject).toMatch(/^80 % von „members“ sind verbraucht/)
    expect(mail!.html).toContain('Ada &#38; Co')
    expect(mail!.html).toContain('#0b6e4f')
    expect(mail!.text).toContain('Es geht um Ada & Co.')
    expect(headerOf(mail, 'from')).toBe('Ada <no-reply@tenantry.example.com>')
    expect(headerOf(mail, 'reply-to')).toBe('ada@example.com')
    expect(headerOf(mail, 'list-unsubscribe')).toMatch(
      /^<http.*\/notifications\/unsubscribe\/[0-9a-f-]{36}>$/,
    )
    expect(headerOf(mail, 'list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    expect(await logOf(tenant)).toEqual([
      { status: 'sent', attempt: 1, provider: 'smtp', error: null, recipients_count: 1 },
    ])
  })

  it('in the tenant’s own words, where it has some', async () => {
    await admin.query(
      `insert into public.email_templates (tenant_id, slug, name, subject, body_html, variables)
       values ($1, 'notification', 'Ours', 'Psst: {{message}}', '<p>{{message}} {{tenant}}</p>', '[]')`,
      [tenant.id],
    )
    await tell(tenant)
    await settledJobs(tenant)
    expect((await mailTo(owner.email)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Psst: 80 % of "members"/),
    ])
  })

  it('that is critical has no way to end it', async () => {
    await tell(tenant, 'limit.reached')
    await settledJobs(tenant)
    const [mail] = await mailTo(owner.email)
    expect(headerOf(mail, 'list-unsubscribe')).toBeUndefined()
  })

  it('of each type arrives, but of those that nobody is mailed about unless they ask for it', async () => {
    await admin.query(
      `select private.notify($1, t.type, '{owners}', t.example) from public.notification_types as t where t.channels <> '{}'`,
      [tenant.id],
    )
    const jobs = await settledJobs(tenant)
    expect(jobs.filter(({ status }) => status !== 'sent')).toEqual([])
    const { rows } = await admin.query<{ message: string }>(
      'select message from public.notifications where tenant_id = $1 order by 1',
      [tenant.id],
    )
    const texts = (await mailTo(owner.email)).map(({ subject }) => subject.replace(/…$/, '')).sort()
    expect(texts).toHaveLength(rows.length)
    expect(rows.filter(({ message }) => !texts.some((text) => message.startsWith(text)))).toEqual([])
  })
})

describe('nothing is sent', () => {
  const settles = async (status: string) => {
    expect(await settledJobs(tenant)).toMatchObject([{ status, data: {} }])
    expect(await mailTo(owner.email)).toEqual([])
    expect(await logOf(tenant)).toEqual([])
  }

  it('to an address that Auth has not confirmed', async () => {
    await superuser.query('update auth.users set email_confirmed_at = null where id = $1', [owner.id])
    await tell(tenant)
    await settles('skipped')
  })

  it('to whoever has left meanwhile', async () => {
    const other = await makePerson()
    await admin.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`,
      [tenant.id, other.id],
    )
    const db = await admin.connect()
    await db.query('begin')
    await db.query(
      `select private.notify($1, 'limit.near', array[$2], '{"limit": "m", "percent": 80, "most": 10}')`,
      [tenant.id, owner.id],
    )
    await db.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
      tenant.id,
      owner.id,
    ])
    await db.query('commit')
    db.release()
    await settles('skipped')
  })

  it('to an address that is suppressed', async () => {
    await admin.query(`select private.suppress($1, 'email', $2, 'bounced')`, [tenant.id, owner.email])
    await tell(tenant, 'limit.reached')
    await settles('suppressed')
  })
})

describe('a mailbox that', () => {
  const withReader = async (mode: string) => {
    owner = await makeReader(mode)
    tenant = await makeTenant({ owner })
    await tell(tenant)
    return settledJobs(tenant)
  }

  it('says later gets it later', async () => {
    expect(await withReader('greylist+')).toMatchObject([{ status: 'sent' }])
    expect(await mailTo(owner.email)).toHaveLength(1)
    expect(await logOf(tenant)).toMatchObject([
      { status: 'failed', attempt: 1, error: '451 Greylisted, try again later' },
      { status: 'sent', attempt: 2 },
    ])
  })

  it('is not there ends the job, and the lane of all others goes on', async () => {
    expect(await withReader('reject+')).toMatchObject([{ status: 'failed', error: '550 No such mailbox' }])
    expect(await logOf(tenant)).toMatchObject([{ status: 'failed', attempt: 1 }])
    const { rows } = await superuser.query(
      `select failure_count from private.queue_lanes where tenant_id = $1 and queue = 'notifications'`,
      [tenant.id],
    )
    expect(rows).toEqual([{ failure_count: 0 }])
  })

  it('takes it and falls silent gets it again under the same Message-ID', async () => {
    const [job] = await withReader('drop-kept+')
    expect(job).toMatchObject({ status: 'sent' })
    const ids = (await mailTo(owner.email)).map((mail) => headerOf(mail, 'message-id'))
    expect(ids).toEqual(Array(2).fill(`<${job!.id}@messages.tenantry>`))
  })
})

describe('a tenant’s own provider', () => {
  const smtp = { host: '127.0.0.1', port: inject('stack').smtp_port, from_email: 'hello@ada.example' }
  const setProvider = (config: object, is_verified = true) =>
    admin.query(
      `insert into public.notification_providers (tenant_id, channel, provider, config, verified_at)
       values ($1, 'email', 'smtp', $2, case when $3 then now() end)`,
      [tenant.id, { ...smtp, ...config }, is_verified],
    )
  const senders = async () => (await mailTo(owner.email)).map(({ from }) => from)

  it('is used once it is verified', async () => {
    await setProvider({})
    await tell(tenant)
    await settledJobs(tenant)
    expect(await senders()).toEqual(['hello@ada.example'])
  })

  it('is not used before that, nor while it is switched off', async () => {
    await setProvider({}, false)
    await tell(tenant)
    await settledJobs(tenant)
    await admin.query(
      'update public.notification_providers set verified_at = now(), is_active = false where tenant_id = $1',
      [tenant.id],
    )
    await tell(tenant)
    await settledJobs(tenant)
    expect(await senders()).toEqual(Array(2).fill('no-reply@tenantry.example.com'))
  })

  it('that knows the credentials no more is trusted no more; the platform’s sends, and the admins hear it once', async () => {
    await admin.query(`select private.set_notification_provider($1, 'email', 'smtp', $2, 'wrong')`, [
      tenant.id,
      { ...smtp, user: 'refuse+ada' },
    ])
    await admin.query('update public.notification_providers set verified_at = now() where tenant_id = $1', [
      tenant.id,
    ])
    await tell(tenant)
    await tell(tenant)
    const jobs = await settledJobs(tenant)
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => 'sent'))
    const { rows } = await admin.query(
      'select verified_at, last_error from public.notification_providers where tenant_id = $1',
      [tenant.id],
    )
    expect(rows).toEqual([{ verified_at: null, last_error: '535 Authentication credentials invalid' }])
    const told = (await jobsOf(tenant)).filter(({ type }) => type === 'provider.refused')
    expect(told).toHaveLength(1)
    expect(new Set(await senders())).toEqual(new Set(['no-reply@tenantry.example.com']))
  })
})

it('the log names no address, and nobody changes it', async () => {
  await tell(tenant)
  await settledJobs(tenant)
  const { rows } = await superuser.query(
    'select l::text as line from public.notification_dispatch_log as l where tenant_id = $1',
    [tenant.id],
  )
  expect(rows).toHaveLength(1)
  expect(rows[0].line).not.toContain('@')
  for (const statement of [
    `update public.notification_dispatch_log set status = 'sent' where tenant_id = '${tenant.id}'`,
    `delete from public.notification_dispatch_log where tenant_id = '${tenant.id}'`,
  ])
    await expect(superuser.query(statement)).rejects.toThrow(/append-only/)
})

it('a provider of the platform that knows the credentials no more is told of once, until it has sent again', async () => {
  const told = await rolledBack(superuser, async (db) => {
    const { rows } = await db.query<{ tenant_id: string; id: string }>(
      `select tenant_id, id from public.notification_providers where tenant_id = private.platform_tenant_id() and channel = 'email'`,
    )
    const { tenant_id: platform, id: provider_id } = rows[0]!
    await db.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')
       on conflict do nothing`,
      [platform, owner.id],
    )
    await tell(tenant)
    const job = (await jobsOf(tenant))[0]!
    const record = (attempt: object) =>
      db.query('select private.record_notification_attempts($1)', [
        JSON.stringify([
          { tenant_id: tenant.id, job_id: job.id, provider_id, provider: 'smtp', detail: '535', ...attempt },
        ]),
      ])
    const count = async () =>
      (
        await db.query(
          `select from public.notifications where user_id = $1 and type = 'platform.provider_refused'`,
          [owner.id],
        )
      ).rowCount
    const state = async () =>
      (
        await db.query(
          'select verified_at is not null as is_used, last_error from public.notification_providers where id = $1',
          [provider_id],
        )
      ).rows[0]
    const refused = { dispatched: 'failed', is_refused: true }
    const sent = { dispatched: 'sent', status: 'sent' }
    const counts: unknown[] = []
    for (const attempt of [refused, refused, sent, refused]) {
      await record(attempt)
      counts.push([await count(), await state()])
    }
    return counts
  })
  expect(told).toEqual([
    [1, { is_used: true, last_error: '535' }],
    [1, { is_used: true, last_error: '535' }],
    [1, { is_used: true, last_error: null }],
    [2, { is_used: true, last_error: '535' }],
  ])
})

it('a provider of the platform that cannot be reached is told of after five minutes, once, until it has sent again', async () => {
  const told = await rolledBack(superuser, async (db) => {
    const { rows } = await db.query<{ tenant_id: string; id: string }>(
      `select tenant_id, id from public.notification_providers where tenant_id = private.platform_tenant_id() and channel = 'email'`,
    )
    const { tenant_id: platform, id: provider_id } = rows[0]!
    await db.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')
       on conflict do nothing`,
      [platform, owner.id],
    )
    await tell(tenant)
    const job = (await jobsOf(tenant))[0]!
    const after = async (minutes: number, attempt: object) => {
      await db.query(
        'update public.notification_providers set failing_since_at = failing_since_at - make_interval(mins => $2) where id = $1',
        [provider_id, minutes],
      )
      await db.query('select private.record_notification_attempts($1)', [
        JSON.stringify([
          {
            ...{ tenant_id: tenant.id, job_id: job.id, provider_id, provider: 'smtp' },
            ...{ dispatched: 'failed', detail: 'No connection.', ...attempt },
          },
        ]),
      ])
      const notifications = await db.query(
        `select message from public.notifications where user_id = $1 and type = 'platform.provider_unreachable'`,
        [owner.id],
      )
      const provider = await db.query(
        `select verified_at is not null as is_used, last_error, failing_since_at is not null as is_failing
         from public.notification_providers where id = $1`,
        [provider_id],
      )
      return [notifications.rowCount, Object.values(provider.rows[0])]
    }
    const down = { is_down: true }
    const sent = { dispatched: 'sent', status: 'sent' }
    return [
      // A message that its receiver does not take says nothing of the provider.
      await after(0, {}),
      await after(0, down),
      await after(4, down),
      await after(2, down),
      await after(60, down),
      await after(0, sent),
      await after(0, down),
      await after(6, down),
    ]
  })
  expect(told).toEqual([
    [0, [true, null, false]],
    [0, [true, null, true]],
    [0, [true, null, true]],
    [1, [true, 'No connection.', true]],
    [1, [true, 'No connection.', true]],
    [1, [true, null, false]],
    [1, [true, null, true]],
    [2, [true, 'No connection.', true]],
  ])
})
