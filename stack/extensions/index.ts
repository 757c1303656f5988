import { startCronScheduler } from './cron/scheduler.ts'
import { startNetWorker } from './net/worker.ts'

export { installExtensions } from './install.ts'
export { serverSettings } from './settings.ts'

/**
 * Starts the scheduler and the sender, which do what pg_cron and pg_net do in background workers. They wait until
 * their extension is created, and reconnect when the server restarts. `stop` ends running jobs.
 *
 * `adminUrl` is a superuser's, in the database that holds the extensions. The server must be running, and must have
 * been started with serverSettings(), because the scheduler uses its socket. Throws if it cannot be reached.
 */
export async function startExtensionWorkers(opts: {
  adminUrl: string
  log: (line: string) => void
}): Promise<{ stop(): Promise<void> }> {
  const workers = await Promise.all([
    startCronScheduler(opts.adminUrl, opts.log),
    startNetWorker(opts.adminUrl, opts.log),
  ])
  return {
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  }
}
