import type { Figure } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { benchApiKeys } from './api-keys.ts'
import { benchAudit } from './audit.ts'
import { benchBots } from './bots.ts'
import { benchCalls } from './calls.ts'
import { benchConfig } from './config.ts'
import { benchConsole } from './console.ts'
import { benchConversations } from './conversations.ts'
import { benchCredits } from './credits.ts'
import { benchGates } from './gates.ts'
import { benchLookup } from './lookup.ts'
import { benchMatrix } from './matrix.ts'
import { benchMember } from './member.ts'
import { benchNotifications } from './notifications.ts'
import { benchOnboarding } from './onboarding.ts'
import { benchPooler } from './pooler.ts'
import { benchRefusals } from './refusals/index.ts'
import { benchRls } from './rls.ts'
import { benchTaking } from './taking.ts'
import { benchUsage } from './usage.ts'
import { benchDelivery } from './webhooks/delivery.ts'
import { benchDepth } from './webhooks/depth.ts'
import { benchEmit } from './webhooks/emit.ts'
import { benchLatency } from './webhooks/latency.ts'
import { benchNeighbour } from './webhooks/neighbour.ts'
import { benchQueue } from './webhooks/queue.ts'
import { benchTenants } from './webhooks/tenants.ts'

/** A part of the bench. It gets an empty stack of its own, so no part can disturb another. */
export interface Part {
  name: string
  /** What is measured, and what each baseline is. For docs/benchmarks.md. */
  about: string
  /** The edge functions that it asks. No others run beside it. */
  functions?: string[]
  run(stack: BenchStack, isQuick: boolean): Promise<Figure[]>
}

export const parts: Part[] = [
  {
    name: 'member',
    functions: ['branding', 'registry', 'webhooks'],
    about:
      'A signed-in request. The baseline is a bare Hono route under the same Deno, which verifies the same token and runs the same select as the caller: begin, role and claims, select, commit.',
    run: benchMember,
  },
  {
    name: 'pooler',
    functions: ['branding', 'registry'],
    about:
      'The same routes with PgBouncer in transaction mode between functions and Postgres, as on a hosted project. The baseline is the direct connection.',
    run: benchPooler,
  },
  {
    name: 'refusals',
    about:
      'Processor time of the database for one call, of every function that takes text, JSON or a list, with the worst values of 1 kB to 1 MB. Nearly all of them are refused. What sending the value costs is taken off.',
    run: benchRefusals,
  },
  {
    name: 'rls',
    about:
      'Reads of a member from a table of a million rows under row level security. The baseline is the same read by the owner of the table, with an explicit filter by tenant.',
    run: benchRls,
  },
  {
    name: 'gates',
    about:
      'What asking for a feature or a limit of the plan adds to a statement, in a tenant with a million campaigns. The time of a statement that does nothing is taken off.',
    run: benchGates,
  },
  {
    name: 'config',
    functions: ['assessments', 'registry'],
    about:
      'A change of a framework configuration over HTTP, with its snapshot and the trim of the oldest one. Then the resolved configuration, warm. The baselines are a bare Hono route that verifies the same token and runs the same select as the caller, and one with a constant answer; both answer as many bytes.',
    run: benchConfig,
  },
  {
    name: 'usage',
    functions: ['usage'],
    about:
      'Usage events in batches of 1,000. The baseline is a bare insert of the same rows into the same table. Then reading a month of one tenant beside 10,000,000 events of all.',
    run: benchUsage,
  },
  {
    name: 'credits',
    about:
      'Reserving and consuming credits of one tenant, by the SQL functions: all of it waits for one row. The baselines are two bare updates of that row, which are the most that this machine can do with it, and pgledger in the same server, with two transfers for each pair, where TENANTRY_BENCH_PGLEDGER names its files.',
    run: benchCredits,
  },
  {
    name: 'calls',
    about:
      'Starting and finishing calls of models by the SQL functions, with their hashes, their usage events and a cap. Of one tenant all of it waits for one row. The baseline is reserving and consuming credits, which has no usage event.',
    run: benchCalls,
  },
  {
    name: 'audit',
    functions: ['registry'],
    about:
      'Rows of the audit log, each chained to the one before it in its tenant. The baseline is a plain insert into a table with the same columns, keys and indexes.',
    run: benchAudit,
  },
  {
    name: 'api-keys',
    functions: ['branding', 'registry', 'usage'],
    about: 'The same routes with an API key. The baseline is a JWT. A flood of wrong keys is counted too.',
    run: benchApiKeys,
  },
  {
    name: 'webhooks-emit',
    about: 'What an event adds to the transaction that emits it. The transaction changes a brand.',
    run: benchEmit,
  },
  {
    name: 'webhooks-latency',
    functions: ['webhooks'],
    about: 'From the commit of a change to the arrival of its webhook, while nothing else happens.',
    run: benchLatency,
  },
  {
    name: 'webhooks-delivery',
    functions: ['webhooks'],
    about:
      'Deliveries to a real receiver, attempts logged. The baseline is a bare loop under the same Deno, which signs and posts with fetch and has no queue.',
    run: benchDelivery,
  },
  {
    name: 'webhooks-tenants',
    functions: ['webhooks'],
    about:
      'What other tenants notice of tenants with 50 slow receivers each. The baseline is the same without these tenants.',
    run: benchTenants,
  },
  {
    name: 'webhooks-queue',
    about:
      'Only the queue, from events to logged attempts, without requests. The baselines are pg-boss and graphile-worker, which do the same work.',
    run: benchQueue,
  },
  {
    name: 'webhooks-neighbour',
    about: 'The rate of 999 endpoints beside one with a long queue. The baseline is the rate without it.',
    run: benchNeighbour,
  },
  {
    name: 'webhooks-depth',
    about: 'A claim from a long queue. The baseline is a claim from a short one.',
    run: benchDepth,
  },
  {
    name: 'onboarding',
    about:
      'A payment that becomes a tenant, by the SQL functions. The baseline inserts the rows that this wrote, log and events included, into tables with the same columns, keys and indexes and without triggers. Then a read while contracts can wait, and going on with a registration.',
    run: benchOnboarding,
  },
  {
    name: 'taking',
    functions: ['assessments', 'registry'],
    about:
      'Completing sessions of assessments. The baseline inserts the rows that this wrote, log and events included, into tables with the same columns, keys and indexes and without triggers. Then a page of the pipeline of one tenant among those of all, and searches among a hundred thousand.',
    run: benchTaking,
  },
  {
    name: 'bots',
    about:
      'Finding what a bot knows: 10,000 rows of its own among 1,000,000 of a hundred bots, by the SQL functions that an answer asks.',
    run: benchBots,
  },
  {
    name: 'conversations',
    functions: ['bots'],
    about:
      'Receiving what contacts write to bots: by the SQL function, beside inserts of the same rows, and by the route, with the signature, while a worker settles the messages. Then how fast a worker settles messages of other bots while one bot has many that wait. The numbers are not verified, so nothing is sent.',
    run: benchConversations,
  },
  {
    name: 'notifications',
    functions: ['notifications'],
    about:
      'Telling one person, in a transaction that commits; the baseline is a bare insert of the same rows. What a person has not read, as the route counts it. Mails from jobs to logged attempts by two workers, without mail servers. And the mails of a tenant, by the edge function to a real mail server, beside a tenant whose mail server takes connections and says nothing.',
    run: benchNotifications,
  },
  {
    name: 'console',
    functions: ['registry', 'branding', 'usage'],
    about:
      'The console in Chromium, on a slow network and a processor four times slower than this one: how long the largest thing of a screen takes to be painted, and how long a tap or a key takes. Then the next page of a long list, without either.',
    run: benchConsole,
  },
  {
    name: 'matrix',
    about:
      'The isolation matrix and its mutation run, with three times the tables, which are generated. The baseline is the present number of tables.',
    run: benchMatrix,
  },
  {
    name: 'lookup',
    functions: ['branding'],
    about:
      'The public page of a tenant, by its slug. Warm: 1,000 tenants that are asked for again and again. First hit: a tenant that is not in the cache of the isolate. The baseline of the warm lookup is a bare Hono route with a constant answer of the same size; that of the first hit is a bare route with one prepared select by primary key. "Flat" compares sizes of the database: the slowest of three against the fastest.',
    run: benchLookup,
  },
]
