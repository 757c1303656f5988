import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BareServer, startBareServer } from './bare-server.ts'

let server: BareServer
let admin: pg.Client
let postgres: pg.Client
let coach: pg.Client

beforeAll(async () => {
  server = await startBareServer()
  admin = await server.connect('supabase_admin')
  postgres = await server.connect('postgres')
  await postgres.query('create extension if not exists pg_cron with schema pg_catalog')
  await postgres.query('grant usage on schema cron to coach')
  coach = await server.connect('coach')
})
afterAll(() => server?.stop())
afterEach(async () => {
  await admin.query('select cron.unschedule(jobid) from cron.job')
})

const schedule = async (client: pg.Client, ...args: string[]): Promise<string> => {
  const places = args.map((_, i) => `$${i + 1}`).join(', ')
  return (await client.query(`select cron.schedule(${places}) as id`, args)).rows[0].id
}
describe('a schedule', () => {
  const accepted = [
    ...['* * * * *', '0 10 * * *', '*/5 0-6,20-23/2 1,15 jan-MAR mon-5', '0 11 $ * *', '59 23 31 12 7'],
    ...[
      '  5 4\t* * *',
      '* * * * * what follows is ignored',
      '@daily',
      '@hourly',
      '@weekly',
      '@monthly',
      '@restart',
    ],
    ...['1 second', ' 30 sEcOnDs ', '59 seconds', '17  seconds ', '5seconds'],
  ]
  const refused = [
    ...[
      '',
      '* * * *',
      '60 * * * *',
      '* 24 * * *',
      '* * 0 * *',
      '* * 32 * *',
      '* * * 13 *',
      '* * * 0 *',
      '* * * * 8',
    ],
    ...[
      '*/0 10 * * *',
      '*/60 10 * * *',
      '-1 * * * *',
      '*/-1 * * * *',
      '1/20 * * * *',
      '1,,2 * * * *',
      '5- * * * *',
    ],
    ...['0 11 $foo * *', '$ * * * *', 'x * * * *', '*/5000000000 10 * * *', '@restar', 'a'.repeat(1000)],
    ...[
      '0 seconds',
      '60 seconds',
      '-1 seconds',
      '10000000000 seconds',
      '5 secondc',
      '50 seconds c',
      '1 second ',
    ],
  ]

  test.each(accepted)('is accepted: "%s"', async (text) => {
    const id = await schedule(postgres, text, 'select 1')
    const { rows } = await postgres.query('select schedule, active from cron.job where jobid = $1', [id])
    expect(rows).toEqual([{ schedule: text, active: true }])
  })

  test.each(refused)('is refused: "%s"', async (text) => {
    await expect(schedule(postgres, text, 'select 1')).rejects.toMatchObject({
      code: '22023',
      message: `invalid schedule: ${text}`,
      hint: `Use cron format (e.g. 5 4 * * *), or interval format '[1-59] seconds'`,
    })
  })

  test('is read as cron reads it', async () => {
    const { rows } = await postgres.query(
      `select cron._parse_schedule('1-5/2,7 */6 1 jan-MAR mon,7') as parsed`,
    )
    expect(rows[0].parsed).toEqual({
      minutes: [1, 3, 5, 7],
      hours: [0, 6, 12, 18],
      days: [1],
      months: [1, 2, 3],
      weekdays: [1, 7],
      lastDay: false,
      eitherDay: true,
      wild: true,
    })
  })
})

describe('jobs', () => {
  test('of one name and user are one job', async () => {
    const first = await schedule(postgres, 'sweep', '0 1 * * *', 'select 1')
    expect(await schedule(postgres, 'sweep', '0 2 * * *', 'select 2')).toBe(first)
    expect(await schedule(coach, 'sweep', '0 3 * * *', 'select 3')).not.toBe(first)
    const { rows } = await coach.query('select schedule, command, username, database, nodename from cron.job')
    expect(rows).toEqual([
      {
        schedule: '0 3 * * *',
        command: 'select 3',
        username: 'coach',
        database: 'postgres',
        nodename: 'localhost',
      },
    ])
  })

  test('are altered and unscheduled by their owner', async () => {
    const id = await schedule(postgres, 'sweep', '0 1 * * *', 'select 1')
    await postgres.query(`select cron.alter_job($1, schedule => '0 9 * * *', active => false)`, [id])
    const { rows } = await postgres.query('select schedule, command, active from cron.job where jobid = $1', [
      id,
    ])
    expect(rows).toEqual([{ schedule: '0 9 * * *', command: 'select 1', active: false }])
    expect((await postgres.query(`select cron.unschedule('sweep') as done`)).rows).toEqual([{ done: true }])
    await expect(postgres.query(`select cron.unschedule('sweep')`)).rejects.toThrow(
      `could not find valid entry for job 'sweep'`,
    )
    await expect(postgres.query('select cron.unschedule($1::bigint)', [id])).rejects.toThrow(
      `could not find valid entry for job ${id}`,
    )
  })

  test('belong to the role in whose name the function runs', async () => {
    await postgres.query(`create or replace function public.plan() returns bigint security definer
      language sql as $$ select cron.schedule('planned', '0 1 * * *', 'select 1') $$`)
    await coach.query('select public.plan()')
    const { rows } = await admin.query('select username from cron.job')
    expect(rows).toEqual([{ username: 'postgres' }])
  })

  test('of others can be neither seen nor changed', async () => {
    const id = await schedule(postgres, 'mine', '0 1 * * *', 'select 1')
    await postgres.query('grant execute on function cron.alter_job, cron.schedule_in_database to coach')
    expect((await coach.query('select * from cron.job')).rows).toEqual([])
    await expect(coach.query('select cron.unschedule($1::bigint)', [id])).rejects.toMatchObject({
      code: '42501',
    })
    await expect(coach.query(`select cron.unschedule('mine')`)).rejects.toThrow('could not find valid entry')
    await expect(coach.query(`select cron.alter_job($1, command => 'select 2')`, [id])).rejects.toThrow(
      `Job ${id} does not exist or you don't own it`,
    )
    await postgres.query('revoke execute on function cron.alter_job, cron.schedule_in_database from coach')
  })

  test.each([
    [`insert into cron.job (schedule, command) values ('* * * * *', 'x')`, '42501'],
    [`update cron.job set username = 'supabase_admin'`, '42501'],
    [`select cron.schedule_in_database('x', '* * * * *', 'x', 'postgres')`, '42501'],
    [`select cron.alter_job(1, active => true)`, '42501'],
    [`insert into cron._edits (action, jobid, active) values ('alter', 1, true)`, '42501'],
    [
      `insert into cron._edits (action, jobname, schedule, command, username) values ('schedule', 'x', '1 second', 'x', 'postgres')`,
      '42501',
    ],
  ])('are not made behind the functions’ back by a user: %s', async (attempt, code) => {
    await expect(coach.query(attempt)).rejects.toMatchObject({ code })
  })

  test('cannot be made in another’s name', async () => {
    await coach.query(`insert into cron._edits (action, schedule, command, caller)
      values ('schedule', '0 1 * * *', 'select 1', 'supabase_admin')`)
    expect((await admin.query('select username from cron.job')).rows).toEqual([{ username: 'coach' }])
  })

  test.each([
    [
      `select cron.schedule_in_database('x', '* * * * *', 'x', 'postgres', 'supabase_admin')`,
      'must be superuser to create a job for another role',
    ],
    [
      `select cron.schedule_in_database('x', '* * * * *', 'x', 'nowhere')`,
      'database "nowhere" does not exist',
    ],
    [`select cron.alter_job(1, username => 'supabase_admin')`, 'must be superuser to alter username'],
    [`select cron.alter_job(1)`, 'no updates specified'],
    [`select cron.schedule(null, '* * * * *', 'x')`, 'job_name can not be NULL'],
    [`update cron.job set active = true`, 'permission denied for table job'],
  ])('are refused to postgres as on a hosted project: %s', async (attempt, message) => {
    await expect(postgres.query(attempt)).rejects.toThrow(message)
  })
})
