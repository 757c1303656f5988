import { beforeEach, describe, expect, inject, it } from 'vitest'
import { ConfigDraft, ScheduledConfig, ScheduledConfigs } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { Config, headline } from './config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

const hoursAhead = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

async function draft(change: object): Promise<string> {
  const response = await config.ask('PUT', '/draft', change, '"0"')
  expect(response.status, await response.clone().text()).toBe(200)
  return ConfigDraft.parse(await response.json()).revision
}
const schedule = (revision: string, publish_at: unknown) =>
  config.ask('POST', '/draft/schedule', { publish_at }, `"${revision}"`)
/** Makes a draft of the version that is there now, and schedules it. */
async function scheduled(change: object): Promise<ScheduledConfig> {
  const { version } = await config.read()
  const response = await schedule(await draft({ base_version: version, ...change }), hoursAhead(1))
  expect(response.status, await response.clone().text()).toBe(201)
  return ScheduledConfig.parse(await response.json())
}
async function list() {
  const answer = await config.ask('GET', '/scheduled', undefined, undefined, config.member)
  return ScheduledConfigs.parse(await answer.json()).scheduled
}
const makeDue = () =>
  admin.query(
    `update public.framework_config_drafts set publish_at = now() - interval '1 second' where tenant_id = $1 and status = 'scheduled'`,
    [config.tenant.id],
  )
const publishDue = () =>
  call('/assessments/frameworks/publish-due', { method: 'POST', apikey: inject('stack').secret_key })
/** Its moment comes. Cron may be there first, so what counts is what is left. */
async function comeDue() {
  await makeDue()
  expect((await publishDue()).status).toBe(200)
  await expect.poll(async () => (await list()).filter(({ status }) => status === 'scheduled')).toEqual([])
}

describe('a scheduled change', () => {
  it('is listed, and changes nothing before its moment; then it is the next version', async () => {
    const revision = await draft({ base_version: 0, ...headline('Spring'), reason: 'Spring' })
    const moment = new Date(Date.now() + 3 * 3_600_000)
    // 20:30 in Kolkata is 15:00 in London.
    const inKolkata = `${new Date(moment.getTime() + 5.5 * 3_600_000).toISOString().slice(0, 19)}+05:30`
    const made = ScheduledConfig.parse(await (await schedule(revision, inKolkata)).json())
    expect(made).toMatchObject({
      status: 'scheduled',
      publish_at: `${moment.toISOString().slice(0, 19)}.000Z`,
      scheduled_by: config.owner.refId,
      change: headline('Spring'),
      problem: null,
    })
    expect(await list()).toEqual([made])
    expect(await problemOf(await config.ask('GET', '/draft'))).toMatchObject({ code: 'draft_not_found' })
    await publishDue()
    expect((await config.read()).version).toBe(0)
    await comeDue()
    expect(await config.read()).toMatchObject({ version: 1, reason: 'Spring', ...headline('Spring') })
    expect(await list()).toEqual([])
  })

  it('is published by cron, in the name of who scheduled it', async () => {
    await scheduled(headline('Spring'))
    await makeDue()
    await admin.query('select private.request_config_publications()')
    await expect.poll(async () => (await config.read()).version).toBe(1)
    const { rows } = await admin.query(
      `select s.snapshot_by, c.updated_by from public.framework_config_snapshots as s
       join public.framework_configs as c using (tenant_id, framework_id) where s.tenant_id = $1`,
      [config.tenant.id],
    )
    expect(rows).toEqual([{ snapshot_by: config.owner.id, updated_by: config.owner.id }])
    await expect
      .poll(async () => {
        const log = await admin.query(
          `select distinct actor_type, actor_id from public.audit_log where tenant_id = $1 and target_type = 'framework_configs'`,
          [config.tenant.id],
        )
        return log.rows
      })
      .toEqual([{ actor_type: 'user', actor_id: config.owner.refId }])
  })

  it('is published once by six isolates at once', async () => {
    await scheduled(headline('Once'))
    await makeDue()
    const answers = await Promise.all(Array.from({ length: 6 }, publishDue))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await expect.poll(list).toEqual([])
    expect((await config.read()).version).toBe(1)
    const { rowCount } = await admin.query(
      'select from public.framework_config_snapshots where tenant_id = $1',
      [config.tenant.id],
    )
    expect(rowCount).toBe(1)
  })

  it('is made on top of what was published since, where the two do not meet', async () => {
    await scheduled({ archetype_overrides: { hero: { name: 'Champion' } } })
    await config.patch(0, { ...headline('Meanwhile'), archetype_overrides: { artist: { name: 'Maker' } } })
    // The version that it changes is not kept any more.
    await admin.query('delete from public.framework_config_snapshots where tenant_id = $1', [
      config.tenant.id,
    ])
    await comeDue()
    expect(await config.read()).toMatchObject({
      version: 2,
      ...headline('Meanwhile'),
      archetype_overrides: { hero: { name: 'Champion' }, artist: { name: 'Maker' } },
    })
  })

  it('of two at one moment is made after the other', async () => {
    await scheduled(headline('One'))
    await scheduled({ voice_overrides: { language: 'de' } })
    await comeDue()
    expect(await config.read()).toMatchObject({
      version: 2,
      ...headline('One'),
      voice_overrides: { language: 'de' },
    })
  })

  it('is cancelled, once', async () => {
    const { ref_id } = await scheduled(headline('Never'))
    const cancel = (by = config.owner) =>
      config.ask('DELETE', `/scheduled/${ref_id}`, undefined, undefined, by)
    expect((await cancel(config.member)).status).toBe(403)
    expect((await cancel()).status).toBe(204)
    expect(await problemOf(await cancel())).toMatchObject({ status: 404, code: 'not_found' })
    await makeDue()
    await publishDue()
    expect((await config.read()).version).toBe(0)
  })
})

describe('a scheduled change that cannot be published', () => {
  const told = async () => {
    const { rows } = await admin.query(
      `select user_id, message from public.notifications where tenant_id = $1 and type = 'framework.publish_suspended'`,
      [config.tenant.id],
    )
    return rows
  }
  /** It is suspended for this reason, the managers hear of it once, and the configuration stays as it was. */
  async function expectSuspended(code: string) {
    const before = await config.read()
    await comeDue()
    expect(await list()).toEqual([
      expect.objectContaining({ status: 'suspended', problem: expect.objectContaining({ code }) }),
    ])
    expect(await config.read()).toEqual(before)
    await publishDue()
    expect(await told()).toEqual([
      { user_id: config.owner.id, message: expect.stringContaining(`and was not (${code})`) },
    ])
  }

  it('because others changed the same is suspended, and says where', async () => {
    const { ref_id } = await scheduled(headline('Mine'))
    await config.patch(0, headline('Theirs'))
    await expectSuspended('version_mismatch')
    expect((await list())[0]!.problem).toMatchObject({
      version: 1,
      conflicts: ['/landing_overrides/headline'],
    })
    // Nothing revives it.
    await admin.query('select private.request_config_publications()')
    expect((await config.ask('DELETE', `/scheduled/${ref_id}`)).status).toBe(204)
    expect(await list()).toEqual([])
  })

  it('because the two make no sense together is suspended', async () => {
    const without = (...modes: string[]) => ({
      mode_overrides: Object.fromEntries(modes.map((mode) => [mode, { is_enabled: false }])),
    })
    await scheduled(without('likert', 'qa', 'game'))
    await config.patch(0, without('deal', 'realm'))
    await expectSuspended('invalid_value')
  })

  it('because whoever scheduled it is no manager any more is suspended', async () => {
    await scheduled(headline('Revenge'))
    await admin.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')
       on conflict (tenant_id, user_id) do update set role = 'owner'`,
      [config.tenant.id, config.member.id],
    )
    await admin.query(
      `update public.tenant_members set status = 'deactivated' where tenant_id = $1 and user_id = $2`,
      [config.tenant.id, config.owner.id],
    )
    await makeDue()
    await publishDue()
    await expect.poll(async () => (await told()).map(({ user_id }) => user_id)).toEqual([config.member.id])
    const { rows } = await admin.query(
      `select problem ->> 'code' as code from public.framework_config_drafts where tenant_id = $1`,
      [config.tenant.id],
    )
    expect(rows).toEqual([{ code: 'forbidden' }])
  })

  it('because the tenant is frozen is suspended', async () => {
    await scheduled(headline('Late'))
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [config.tenant.id])
    await makeDue()
    await publishDue()
    await expect
      .poll(async () => (await list()).map(({ problem }) => problem?.code))
      .toEqual(['tenant_frozen'])
    expect((await config.read()).version).toBe(0)
  })
})

describe('a moment', () => {
  it.each([
    hoursAhead(-1),
    hoursAhead(24 * 367),
    '2027-01-04T09:00:00',
    '2027-01-04',
    'tomorrow',
    '2027-02-30T09:00:00Z',
    1_900_000_000,
    null,
  ])('%s is refused', async (publish_at) => {
    const revision = await draft({ base_version: 0, ...headline('x') })
    const answer = await problemOf(await schedule(revision, publish_at))
    expect(answer).toMatchObject({ status: 422, pointers: ['/publish_at'] })
    expect(await list()).toEqual([])
  })

  it('is refused for a draft that is gone, stale, or conflicts already', async () => {
    const at = hoursAhead(1)
    expect(await problemOf(await schedule('0', at))).toMatchObject({ code: 'draft_not_found' })
    const revision = await draft({ base_version: 0, ...headline('Mine') })
    expect(await problemOf(await schedule('0', at))).toMatchObject({ status: 412, code: 'draft_changed' })
    await config.patch(0, headline('Theirs'))
    expect(await problemOf(await schedule(revision, at))).toMatchObject({
      status: 412,
      code: 'version_mismatch',
    })
  })

  it('is refused for a twenty-first change', async () => {
    await admin.query(
      `insert into public.framework_config_drafts (tenant_id, framework_id, status, base_version, base_config, change, publish_at)
       select $1, 'money-archetypes', 'scheduled', 0, '{}', '{}', now() + interval '1 day' from generate_series(1, 20)`,
      [config.tenant.id],
    )
    const revision = await draft({ base_version: 0, ...headline('x') })
    expect(await problemOf(await schedule(revision, hoursAhead(1)))).toMatchObject({
      status: 403,
      code: 'too_many_scheduled',
    })
  })
})
