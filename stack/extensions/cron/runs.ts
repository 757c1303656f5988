import type { Connection } from '../connection.ts'
import type { Command, Outcome } from './run-command.ts'
import type { Schedule } from './schedule.ts'

export interface Job extends Command {
  id: string
  schedule: Schedule
}

/** The active jobs. If a schedule cannot be read, cron.schedule did not write the job, and it is left out. */
export async function loadJobs(db: Connection): Promise<Job[]> {
  return await db.query<Job>(
    `select jobid as id, command as text, database, username, parsed as schedule
     from cron.job, cron._parse_schedule(schedule) parsed
     where active and parsed is not null`,
  )
}

export async function openRun(db: Connection, job: Job): Promise<string> {
  const rows = await db.query<{ runid: string }>(
    `insert into cron.job_run_details (jobid, database, username, command, status)
     values ($1, $2, $3, $4, 'starting') returning runid`,
    [job.id, job.database, job.username, job.text],
  )
  return rows[0]?.runid as string
}

export async function startRun(db: Connection, runId: string, pid: number): Promise<void> {
  await db.query(
    `update cron.job_run_details set status = 'running', job_pid = $2, start_time = clock_timestamp()
     where runid = $1`,
    [runId, pid],
  )
}

export async function endRun(db: Connection, runId: string, outcome: Outcome): Promise<void> {
  await db.query(
    `update cron.job_run_details
     set status = $2, return_message = $3, end_time = clock_timestamp(),
       start_time = coalesce(start_time, clock_timestamp())
     where runid = $1`,
    [runId, outcome.status, outcome.message],
  )
}

/** Only the backend of a job, because the process id may now belong to another one. */
export async function terminate(db: Connection, pid: number): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and application_name = 'pg_cron'`,
    [pid],
  )
}

/**
 * Ends the jobs that a scheduler before this one left running. They may still run in the server, and must not
 * run beside a new run of the same job.
 */
export async function closeAbandonedRuns(db: Connection): Promise<void> {
  await db.query(
    `select pg_terminate_backend(a.pid)
     from cron.job_run_details r
     join pg_stat_activity a on a.pid = r.job_pid and a.usename = r.username and a.application_name = 'pg_cron'
     where r.status in ('starting', 'running')`,
  )
  await db.query(
    `update cron.job_run_details set status = 'failed', return_message = 'server restarted'
     where status in ('starting', 'running')`,
  )
}
