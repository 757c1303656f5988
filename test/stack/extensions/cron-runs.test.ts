import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type BareServer, startBareServer, waitFor } from './bare-server.ts'

let server: BareServer
let admin: pg.Client
let postgres: pg.Client
let coach: pg.Client

beforeAll(async () => {
  server = await startBareServer()
  await server.startWorkers()
  admin = await server.connect('supabase_admin')
  postgres = await server.connect('postgres')
  await postgres.query('create extension if not exists pg_cron with schema pg_catalog')
  await postgres.query('grant usage on schema cron to coach')
  await postgres.query('create table public.marks (job text, at timestamptz default clock_timestamp())')
  await postgres.query('grant all on public.marks to coach')
  coach = await server.connect('coach')
})
afterAll(() => server?.stop())
afterEach(async () => {
  await admin.query('select cron.unschedule(jobid) from cron.job')
  await admin.query('truncate public.marks')
})

const schedule = async (client: pg.Client, ...args: string[]): Promise<string> => {
  const places = args.map((_, i) => `$${i + 1}`).join(', ')
  return (await client.query(`select cron.schedule(${places}) as id`, args)).rows[0].id
}
const runs = async (jobId: string) =>
  (await admin.query('select * from cron.job_run_details where jobid = $1 order by runid', [jobId])).rows
/** The run that has ended, once one has. */
const firstRun = async (jobId: string) => {
  const isOver = async () => (await runs(jobId)).some((run) => run.end_time)
  await waitFor(isOver)
  return (await runs(jobId)).find((run) => run.end_time)
}

describe('a run', () => {
  test('comes round again after the seconds of its schedule', async () => {
    const id = await schedule(postgres, 'marks', '1 second', `insert into public.marks values ('second')`)
    await waitFor(async () => (await runs(id)).filter((run) => run.status === 'succeeded').length >= 3)
    const [first, second] = await runs(id)
    expect(first).toMatchObject({ return_message: 'INSERT 0 1', username: 'postgres', database: 'postgres' })
    expect(first.job_pid).toBeGreaterThan(0)
    expect(first.end_time >= first.start_time).toBe(true)
    expect(second.start_time - first.start_time).toBeGreaterThan(900)
  })

  test.each([
    ['select 1', '1 row'],
    ['select generate_series(1, 3)', '3 rows'],
    ['delete from public.marks', 'DELETE 0'],
    ['create table if not exists public.made ()', 'CREATE TABLE'],
    ['select 1; select generate_series(1, 2)', '2 rows'],
    ['vacuum public.marks', 'VACUUM'],
  ])('says what it did: %s', async (command, message) => {
    expect(await firstRun(await schedule(postgres, '1 second', command))).toMatchObject({
      status: 'succeeded',
      return_message: message,
    })
  })

  test('that fails says why, and stops no other', async () => {
    const bad = await schedule(
      postgres,
      'bad',
      '1 second',
      `insert into public.marks values ('bad'); select 1/0`,
    )
    const good = await schedule(postgres, 'good', '1 second', 'select 1')
    const failed = await firstRun(bad)
    expect(failed.status).toBe('failed')
    expect(failed.return_message).toMatch(/^ERROR: {2}division by zero\n/)
    expect(await firstRun(good)).toMatchObject({ status: 'succeeded' })
    expect((await admin.query('select * from public.marks')).rows).toEqual([])
  })

  test('that cannot copy says so', async () => {
    const id = await schedule(postgres, '1 second', 'copy public.marks from stdin')
    expect(await firstRun(id)).toMatchObject({ status: 'failed', return_message: 'COPY not supported' })
  })

  test('may commit within a procedure', async () => {
    await postgres.query(`create or replace procedure public.mark_twice() language plpgsql as $$
      begin insert into public.marks values ('kept'); commit; raise 'after the commit'; end $$`)
    const id = await schedule(postgres, '1 second', 'call public.mark_twice()')
    expect((await firstRun(id)).return_message).toContain('after the commit')
    expect((await admin.query(`select from public.marks where job = 'kept'`)).rowCount).toBeGreaterThan(0)
  })

  test('has the rights of its user and no way to get more', async () => {
    const who = `insert into public.marks values (session_user || ' ' || current_user)`
    await firstRun(await schedule(coach, 'who', '1 second', who))
    expect((await admin.query('select job from public.marks')).rows[0]).toEqual({ job: 'coach coach' })
    const attempts = [
      'reset session authorization; alter role coach superuser',
      'set session authorization supabase_admin',
      'set role postgres',
      'select pg_read_file($$/etc/hostname$$)',
    ]
    for (const attempt of attempts) {
      const run = await firstRun(await schedule(coach, '1 second', attempt))
      expect(run).toMatchObject({ status: 'failed', username: 'coach' })
      expect(run.return_message).toContain('permission denied')
    }
  })

  test('of a role that may not log in fails', async () => {
    await admin.query('alter role coach nologin')
    const id = await schedule(coach, '1 second', 'select 1')
    const run = await firstRun(id)
    await admin.query('alter role coach login')
    expect(run).toMatchObject({ status: 'failed', return_message: 'connection failed' })
  })

  test('does not overlap another of the same job', async () => {
    const id = await schedule(postgres, 'slow', '1 second', 'select pg_sleep(1.5)')
    await waitFor(async () => (await runs(id)).filter((run) => run.end_time).length >= 2)
    const ended = (await runs(id)).filter((run) => run.end_time)
    for (let i = 1; i < ended.length; i++) expect(ended[i].start_time >= ended[i - 1].end_time).toBe(true)
  })

  test('ends when its job is unscheduled or made inactive', async () => {
    for (const stop of ['select cron.unschedule($1::bigint)', 'select cron.alter_job($1, active => false)']) {
      const id = await schedule(postgres, '1 second', 'select pg_sleep(60)')
      await waitFor(async () => (await runs(id))[0]?.status === 'running')
      await postgres.query(stop, [id])
      expect(await firstRun(id)).toMatchObject({ status: 'failed', return_message: 'job canceled' })
      const [{ job_pid }] = await runs(id)
      await waitFor(
        async () =>
          (await admin.query('select from pg_stat_activity where pid = $1', [job_pid])).rowCount === 0,
      )
    }
  })

  test('is shown to its user only', async () => {
    await firstRun(await schedule(postgres, '1 second', 'select 1'))
    await firstRun(await schedule(coach, '1 second', 'select 2'))
    const { rows } = await coach.query('select distinct username from cron.job_run_details')
    expect(rows).toEqual([{ username: 'coach' }])
  })
})

describe('the scheduler', () => {
  test('picks up a changed job within a second', async () => {
    const id = await schedule(postgres, 'later', '59 seconds', 'select 1')
    await schedule(postgres, 'later', '1 second', 'select 1')
    await waitFor(async () => (await runs(id)).length > 0, 2500)
  })

  test('runs a job of every minute when the minute comes, and not before', async () => {
    const id = await schedule(postgres, '* * * * *', 'select 1')
    // The scheduler runs in this process, so its clock can be set.
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const minute = Math.floor(Date.now() / 60_000) * 60_000
      vi.setSystemTime(minute + 59_999)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(await runs(id)).toEqual([])
      vi.setSystemTime(minute + 60_000)
      expect(await firstRun(id)).toMatchObject({ status: 'succeeded', return_message: '1 row' })
      expect(await runs(id)).toHaveLength(1)
    } finally {
      vi.useRealTimers()
    }
  })

  test('follows the extension when it is dropped and made again', async () => {
    await postgres.query('drop extension pg_cron')
    await postgres.query('create extension if not exists pg_cron with schema pg_catalog')
    await postgres.query('grant usage on schema cron to coach')
    await firstRun(await schedule(postgres, '1 second', 'select 1'))
  })

  test('says of runs cut off by a crash that the server restarted, and goes on', async () => {
    const atStart = await schedule(postgres, '@restart', `insert into public.marks values ('restart')`)
    const id = await schedule(postgres, 'cut', '1 second', 'select pg_sleep(60)')
    await waitFor(async () => (await runs(id))[0]?.status === 'running')
    await server.crash()
    admin = await server.connect('supabase_admin')
    postgres = await server.connect('postgres')
    coach = await server.connect('coach')
    await waitFor(async () => (await runs(id))[0]?.status === 'failed')
    expect((await runs(id))[0]).toMatchObject({ return_message: 'server restarted' })
    await postgres.query('select cron.unschedule($1::bigint)', [id])
    expect(await firstRun(atStart)).toMatchObject({ status: 'succeeded' })
    await firstRun(await schedule(postgres, '1 second', 'select 1'))
  })

  test('leaves nothing running when it stops, and closes those runs when it starts', async () => {
    const id = await schedule(postgres, '1 second', 'select pg_sleep(60)')
    await waitFor(async () => (await runs(id))[0]?.status === 'running')
    await server.stopWorkers()
    const backends = async () =>
      (await admin.query(`select from pg_stat_activity where application_name like 'pg_cron%'`)).rowCount
    await waitFor(async () => (await backends()) === 0)
    await postgres.query('select cron.unschedule($1::bigint)', [id])
    await server.startWorkers()
    expect(
      await waitFor(async () => (await runs(id))[0]?.return_message === 'server restarted'),
    ).toBeUndefined()
  })
})
