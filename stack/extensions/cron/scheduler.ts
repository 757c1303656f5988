import { type Bell, type Connection, createBell, startWorker, type Worker } from '../connection.ts'
import { allowJobLogins, type JobServer } from './logins.ts'
import { runCommand } from './run-command.ts'
import { closeAbandonedRuns, endRun, type Job, loadJobs, openRun, startRun, terminate } from './runs.ts'
import { advanceClock, isDue, startClock } from './schedule.ts'

const MOST_RUNNING = 32
const LONGEST_WAIT_MS = 1000

/** A job and its run. Kept while the job exists or a run of it is not finished. */
interface Task {
  job: Job
  /** Runs that are due. Runs of one job never overlap: the next begins when the last has ended. */
  pendingCount: number
  /** By a clock that does not jump. */
  startedAt: number
  run?: { cancel: AbortController; pid?: number }
  isGone: boolean
}

/** Runs the jobs in cron.job when they are due, each as its own role, and records every run. */
export function startCronScheduler(adminUrl: string, log: (line: string) => void): Promise<Worker> {
  const clock = startClock(Date.now())
  let serverStartedAt = ''
  return startWorker({
    adminUrl,
    applicationName: 'pg_cron scheduler',
    log,
    async serve(db, signal) {
      const [server] = await db.query<{ at: string }>('select pg_postmaster_start_time()::text as at')
      const isRestart = server?.at !== serverStartedAt
      serverStartedAt = server?.at ?? ''
      await new Scheduler(db, await allowJobLogins(db), signal, log).serve(clock, isRestart)
    },
  })
}

class Scheduler {
  readonly #db: Connection
  readonly #server: JobServer
  readonly #signal: AbortSignal
  readonly #log: (line: string) => void
  readonly #bell: Bell
  readonly #tasks = new Map<string, Task>()
  readonly #runs = new Set<Promise<void>>()
  #isStale = true
  #tableOid: number | null = null

  constructor(db: Connection, server: JobServer, signal: AbortSignal, log: (line: string) => void) {
    this.#db = db
    this.#server = server
    this.#signal = signal
    this.#log = log
    this.#bell = createBell(signal)
  }

  async serve(clock: ReturnType<typeof startClock>, isRestart: boolean): Promise<void> {
    this.#db.onNotification(() => {
      this.#isStale = true
      this.#bell.ring()
    })
    await this.#db.query('listen pg_cron_job')
    try {
      await this.#refresh()
      if (isRestart) this.#queue((job) => 'restart' in job.schedule)
      while (!this.#signal.aborted) {
        this.#queueDue(clock)
        for (const task of this.#tasks.values()) this.#startPending(task)
        await this.#bell.wait(this.#untilNext())
        await this.#refresh()
      }
    } finally {
      for (const task of this.#tasks.values()) await this.#cancel(task)
      await Promise.all(this.#runs)
    }
  }

  /** The oid of the table shows whether the extension was dropped or created again. No trigger reports that. */
  async #refresh(): Promise<void> {
    const [table] = await this.#db.query<{ oid: number | null }>(
      `select to_regclass('cron.job_run_details')::oid as oid`,
    )
    const oid = table?.oid ?? null
    if (oid !== this.#tableOid) {
      this.#tableOid = oid
      this.#isStale = true
      if (this.#tableOid !== null) await closeAbandonedRuns(this.#db)
    }
    if (!this.#isStale) return
    this.#isStale = false
    const jobs = this.#tableOid === null ? [] : await loadJobs(this.#db)
    const gone = new Set(this.#tasks.keys())
    for (const job of jobs) {
      gone.delete(job.id)
      const task = this.#tasks.get(job.id)
      if (task) Object.assign(task, { job, isGone: false })
      else this.#tasks.set(job.id, { job, pendingCount: 0, startedAt: performance.now(), isGone: false })
    }
    for (const id of gone) {
      const task = this.#tasks.get(id) as Task
      task.isGone = true
      await this.#cancel(task)
      if (!task.run) this.#tasks.delete(id)
    }
  }

  #queue(isWanted: (job: Job) => boolean): void {
    for (const task of this.#tasks.values()) if (!task.isGone && isWanted(task.job)) task.pendingCount++
  }

  #queueDue(clock: ReturnType<typeof startClock>): void {
    for (const task of this.#tasks.values()) {
      if (task.pendingCount === 0 && untilInterval(task) <= 0) task.pendingCount++
    }
    for (const minute of advanceClock(clock, Date.now())) {
      this.#queue(
        ({ schedule }) =>
          'minutes' in schedule && (schedule.wild ? minute.wild : minute.fixed) && isDue(schedule, minute.at),
      )
    }
  }

  #untilNext(): number {
    const untilMinute = 60_000 - (Date.now() % 60_000)
    const waits = [...this.#tasks.values()].filter((task) => task.pendingCount === 0).map(untilInterval)
    return Math.max(1, Math.min(LONGEST_WAIT_MS, untilMinute, ...waits))
  }

  #startPending(task: Task): void {
    if (task.run || task.isGone || task.pendingCount === 0 || this.#runs.size >= MOST_RUNNING) return
    task.pendingCount--
    task.startedAt = performance.now()
    const run = this.#run(task)
      // The scheduler's own connection is lost. The next connection closes the run.
      .catch((error: Error) => this.#signal.aborted || this.#log(`cron job ${task.job.id}: ${error.message}`))
      .then(() => {
        delete task.run
        if (task.isGone) this.#tasks.delete(task.job.id)
        this.#runs.delete(run)
        this.#bell.ring()
      })
    this.#runs.add(run)
  }

  async #run(task: Task): Promise<void> {
    const { job } = task
    const cancel = new AbortController()
    const state: NonNullable<Task['run']> = { cancel }
    task.run = state
    const runId = await openRun(this.#db, job)
    const outcome = await runCommand(this.#server, job, cancel.signal, async (pid) => {
      state.pid = pid
      task.startedAt = performance.now()
      await startRun(this.#db, runId, pid)
    })
    // Stopping leaves the run open, as when a server stops. The next start records how it ended.
    if (this.#signal.aborted) return
    await endRun(
      this.#db,
      runId,
      cancel.signal.aborted ? { status: 'failed', message: 'job canceled' } : outcome,
    )
    if (outcome.status === 'failed') this.#log(`cron job ${job.id} failed: ${outcome.message.trimEnd()}`)
  }

  async #cancel(task: Task): Promise<void> {
    if (!task.run) return
    task.run.cancel.abort()
    if (task.run.pid) await terminate(this.#db, task.run.pid).catch(() => {})
  }
}

function untilInterval({ job, startedAt }: Task): number {
  return 'seconds' in job.schedule
    ? startedAt + job.schedule.seconds * 1000 - performance.now()
    : Number.POSITIVE_INFINITY
}
