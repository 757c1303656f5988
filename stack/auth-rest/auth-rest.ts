import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { App, getStorageSchemaSql, type ServerOptions } from '@supabase/lite'
import { createPostgresConnection, type PostgresConnection } from '@supabase/lite/postgres'
import { Client } from 'pg'
import { type DatabaseRole, databaseUrl, type StackFile } from '../secrets.ts'
import { factorsAsHosted } from './factors.ts'
import type { AuthMailer } from './mail/driver.ts'
import { asPostgrestError } from './rest-errors.ts'
import { type AuthSettings, templateNames } from './settings.ts'
import { openStorage } from './storage/storage.ts'
import { withHostedClaims } from './tokens.ts'
import { verifyAsHosted } from './verify.ts'

export interface AuthRest {
  /** Settles when the connection to the database is lost. After that this cannot be used any more. */
  readonly lost: Promise<void>
  auth(request: Request): Promise<Response>
  rest(request: Request): Promise<Response>
  storage(request: Request): Promise<Response>
  close(): Promise<void>
}

/**
 * Auth and REST by @supabase/lite, each under its own database role as hosted: Auth as
 * supabase_auth_admin, REST as authenticator, which can become the three API roles and nothing more.
 */
export async function openAuthRest(
  file: StackFile,
  dbPort: number,
  apiUrl: string,
  settings: AuthSettings,
  mailer: AuthMailer,
  storageFolder: string,
): Promise<AuthRest> {
  const authConnection = connect(file, 'supabase_auth_admin', dbPort, { max: 5 })
  const restConnection = connect(file, 'authenticator', dbPort, {
    max: 10,
    connection: { search_path: 'public, extensions' },
    // lite passes an rpc's JSON arguments as text, and its driver would encode that text a second time.
    types: { json: jsonAsGiven(114), jsonb: jsonAsGiven(3802) },
  })
  // authenticator inherits nothing, so information_schema shows it nothing; PostgREST reads pg_catalog instead.
  const catalog = connect(file, 'supabase_admin', dbPort, { max: 2 })
  restConnection.introspect = (options) => catalog.introspect(options)
  restConnection.viewOptionsMetadata = (name, schema) => catalog.viewOptionsMetadata(name, schema)
  restConnection.normalizeDbError = asPostgrestError
  await tellHeaders(restConnection)

  const authApp = makeApp(file, authConnection, apiUrl, { settings, mailer })
  const restApp = makeApp(file, restConnection, apiUrl, undefined, { middlewares: [trustTheSignature] })
  await Promise.all([authApp.init(), restApp.init()])
  if (restConnection.config.schemaCache) catalog.config.schemaCache = restConnection.config.schemaCache
  const storage = await openStorage(file, dbPort, apiUrl, storageFolder)
  const listener = await reloadOnNotify(file, dbPort, () => catalog.clearSchemaCache())
  const answerVerified = verifyAsHosted(
    async (request) => authApp.fetch(request),
    authConnection,
    mailer,
    settings,
    { siteUrl: apiUrl, keys: [file.publishable_key, file.secret_key] },
  )
  const answerAuth = factorsAsHosted(answerVerified, authConnection, {
    jwtSecret: file.jwt_secret,
    key: file.publishable_key,
    totp: settings.totp,
  })

  return {
    lost: listener.ended,
    auth: async (request) =>
      withHostedClaims(await answerAuth(request), file.jwt_secret, `${apiUrl}/auth/v1`, authConnection),
    rest: (request) => headersOf.run(request.headers, () => restApp.fetch(request)),
    storage: (request) => storage.answer(request),
    async close() {
      await listener.stop()
      await storage.close()
      // A connection whose server is gone may never end by itself.
      const pools = [authConnection, restConnection, catalog].map(({ driver }) => driver.end({ timeout: 1 }))
      await Promise.race([Promise.allSettled(pools), sleep(2000)])
    },
  }
}

function jsonAsGiven(oid: number) {
  const serialize = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return { to: oid, from: [oid], serialize, parse: JSON.parse }
}

/** The tables of Storage, as @supabase/lite has them. */
export const storageSchema = () => getStorageSchemaSql()

/** Creates the auth schema's tables. lite swallows errors, so this looks whether the tables are there. */
export async function provisionAuth(file: StackFile, dbPort: number): Promise<void> {
  const connection = connect(file, 'supabase_auth_admin', dbPort, { max: 1, onnotice: () => {} })
  try {
    await makeApp(file, connection, 'http://127.0.0.1').ensureSystemSchema()
    const found = await connection.driver`select to_regclass('auth.users') is not null as made`
    if (!found[0]?.made) throw new Error('@supabase/lite did not create auth.users')
  } finally {
    await connection.close()
  }
}

function connect(
  file: StackFile,
  role: DatabaseRole,
  port: number,
  postgresOptions: NonNullable<Parameters<typeof createPostgresConnection>[0]['postgresOptions']>,
): PostgresConnection {
  const connection = createPostgresConnection({ url: databaseUrl(file, role, port), postgresOptions })
  // Unless told that row level security is set up, lite grants everything to anon and authenticated
  // on its first request. The field is private in its types only.
  Object.assign(connection, { rlsState: 'active' })
  return connection
}

function makeApp(
  file: StackFile,
  connection: PostgresConnection,
  apiUrl: string,
  auth?: { settings: AuthSettings; mailer: AuthMailer },
  server: ServerOptions = {},
) {
  const drivers = auth ? { email: auth.mailer } : {}
  return new App({
    connection,
    db: { migrations: { enabled: false } },
    api: {
      schemas: ['public', 'graphql_public'],
      external_url: apiUrl,
      // A bearer token that is not a JWT is refused. lite would treat its sender as anonymous.
      anonymous_enabled: false,
    },
    auth: {
      enabled: true,
      jwt_secret: file.jwt_secret,
      publishable_key: file.publishable_key,
      secret_key: file.secret_key,
      site_url: apiUrl,
      ...(auth && asLiteHasThem(auth.settings, auth.mailer)),
    },
    storage: { enabled: false },
    studio: { enabled: false },
    options: { drivers, server: { ...server, admin: false, disableStudio: true, disableFallback: true } },
  })
}

/** An address counts once its mail was read, and a changed one once both mailboxes have confirmed it: here always. */
function asLiteHasThem(settings: AuthSettings, mailer: AuthMailer) {
  const template = templateNames.flatMap((name) =>
    name === 'reauthentication' ? [] : [[name, { subject: mailer.subjectOf(name) }]],
  )
  return {
    enable_signup: settings.signUp,
    minimum_password_length: settings.passwordLength,
    email: {
      enable_signup: settings.emailSignUp,
      enable_confirmations: true,
      double_confirm_changes: true,
      otp_length: settings.codeLength,
      otp_expiry: settings.codeSeconds,
      template: Object.fromEntries(template),
    },
  }
}

const headersOf = new AsyncLocalStorage<Headers>()

interface Transaction {
  executeQuery(query: object): Promise<unknown>
}
interface SessionContext {
  applyJwtSessionContext(transaction: Transaction, ...rest: unknown[]): Promise<void>
}

/** Sets request.headers and runs pgrst.db_pre_request for every request, as PostgREST does. */
async function tellHeaders(connection: PostgresConnection): Promise<void> {
  const [row] = await connection.driver`select current_setting('pgrst.db_pre_request', true) as name`
  const preRequest: string | null = row?.name || null
  const context = connection as unknown as SessionContext
  const apply = context.applyJwtSessionContext.bind(connection)
  context.applyJwtSessionContext = async (transaction, ...rest) => {
    await apply(transaction, ...rest)
    const headers = JSON.stringify(Object.fromEntries(headersOf.getStore() ?? []))
    await transaction.executeQuery({
      query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
      sql: `select set_config('request.headers', $1, true)`,
      parameters: [headers],
    })
    if (preRequest === null) return
    await transaction.executeQuery({
      query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
      sql: `select ${preRequest}()`,
      parameters: [],
    })
  }
}

type Middleware = NonNullable<ServerOptions['middlewares']>[number]

/**
 * lite looks up every token's user and session in the auth schema, which authenticator may not read. PostgREST never
 * asks Auth and needs only a valid signature. So this always answers that the user is there.
 */
const trustTheSignature: Middleware = async (c, next) => {
  const there = async () => ({})
  Object.assign(c.var.authService, { repo: { findUserById: there, findSessionById: there } })
  await next()
}

/** Listens where PostgREST does, so that new tables appear without a restart. Says when the connection is gone. */
async function reloadOnNotify(file: StackFile, port: number, reload: () => void): Promise<Listener> {
  const client = new Client({ connectionString: databaseUrl(file, 'authenticator', port) })
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  client.on('notification', reload)
  client.on('error', () => {})
  await client.connect()
  await client.query('listen pgrst')
  return { ended, stop: () => client.end().catch(() => {}) }
}

interface Listener {
  ended: Promise<void>
  stop(): Promise<void>
}
