import { constants, existsSync } from 'node:fs'
import { access, chmod, mkdir, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { keepAuthRest } from './auth-rest/keep-auth-rest.ts'
import { loadAuthRest, surviveDriverFaults } from './auth-rest/load-lite.ts'
import { authMailer } from './auth-rest/mail/driver.ts'
import { readAuthSettings } from './auth-rest/settings.ts'
import type { Options } from './cli/options.ts'
import { type MachineLine, machineLine } from './cli/report.ts'
import { bootstrap } from './database/bootstrap.ts'
import { migrate } from './database/migrate.ts'
import { Postgres } from './database/postgres.ts'
import { keptForReplica, startReplica } from './database/replica.ts'
import { listCoaches, seed } from './database/seed.ts'
import { keepVaultSecrets } from './database/vault-secrets.ts'
import { installExtensions, serverSettings, startExtensionWorkers } from './extensions/index.ts'
import { codeOf, messageOf, StackFailure } from './failure.ts'
import { type Functions, functionEnvironment, startFunctions } from './functions/functions.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { say, step } from './log.ts'
import { keepPlatformProvider, keepPlatformSms } from './mail/platform-provider.ts'
import { type Receiver, startReceiver } from './mail/receiver.ts'
import { isMailHost } from './mail/site/guard.ts'
import { mailSite } from './mail/site/site.ts'
import { MailStore } from './mail/store.ts'
import { findDeno, findSupabaseCli } from './processes/binaries.ts'
import { takeLock } from './processes/lock.ts'
import { type Pooler, startPooler } from './processes/pooler.ts'
import { startGuard } from './processes/processes.ts'
import { makeReachable } from './processes/server-user.ts'
import { endStrays, listStrays } from './processes/strays.ts'
import { type Supervised, supervise } from './processes/supervise.ts'
import { connectDemoTill } from './providers/daraja/demo-shop.ts'
import { type DarajaServer, startDarajaServer } from './providers/daraja/server.ts'
import { connectDemoShop } from './providers/graph/demo-shop.ts'
import { whatsappEnvironment } from './providers/graph/environment.ts'
import { isPhoneHost, phoneSite } from './providers/graph/phone/site.ts'
import { Platform } from './providers/graph/platform.ts'
import { type GraphServer, startGraphServer } from './providers/graph/server.ts'
import { keepPlatformModel } from './providers/llm/platform-model.ts'
import { type LlmServer, startLlmServer } from './providers/llm/server.ts'
import { paymentEnvironment } from './providers/payments/environment.ts'
import { paymentSecrets } from './providers/payments/secrets.ts'
import { startPaymentProviders } from './providers/payments/server.ts'
import { Texts } from './providers/sms/texts.ts'
import { smsEnvironment, twilioApi } from './providers/sms/twilio.ts'
import { createSecrets, databaseUrl, readStackFile, type StackFile, writeStackFile } from './secrets.ts'

export interface Stack {
  line: MachineLine
  stop(): Promise<void>
}

/** Boots every part, in an order in which what can be wrong is found before anything is changed. */
export async function start(options: Options): Promise<Stack> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) {
      await Promise.resolve(undo()).catch((error) => say(`While stopping: ${messageOf(error)}`))
    }
  }
  try {
    return { line: await boot(options, stops), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function boot(options: Options, stops: (() => Promise<void> | void)[]): Promise<MachineLine> {
  const { root } = options
  await checkBlockedNetworks()
  const authSettings = await readAuthSettings(root)
  await openDataDir(options.dataDir)
  await makeReachable(await realpath(options.dataDir))
  // Not the way over a link: processes are told apart by the folder in their command line.
  const dataDir = await realpath(options.dataDir)
  stops.push(await takeLock(dataDir))
  const file = await openStackFile(dataDir)

  let functions: Functions | null = null
  const mail = await MailStore.open(dataDir)
  const texts = new Texts()
  const whatsapp = Platform.open({ folder: join(dataDir, 'whatsapp') })
  const gateway: Gateway = await startGateway(options.port, root, () => functions, {
    sites: [
      { isHost: isMailHost, answer: mailSite(mail) },
      { isHost: isPhoneHost, answer: phoneSite(whatsapp, texts) },
    ],
    publishableKey: file.publishable_key,
  })
  stops.push(() => gateway.stop())
  const apiUrl = `http://127.0.0.1:${gateway.port}`

  findDeno()
  findSupabaseCli()
  const postgres = new Postgres(dataDir)
  await postgres.prepare()
  const strays = await endStrays(dataDir)
  if (strays.length > 0) say(`           ended what a killed stack left behind: ${listStrays(strays)}`)
  await installExtensions(postgres.shareDir)
  if (!postgres.isInitialised()) {
    await step('make the database', () => postgres.initialise(file.database_passwords.supabase_admin))
  }
  const guard = startGuard()
  stops.push(() => guard.dismiss())
  const settings = [...(await serverSettings(dataDir)), ...(options.replica ? keptForReplica : [])]
  const preferredPort = file.runtime?.db_port ?? gateway.port + 1
  const server: Supervised = await step('start Postgres', () =>
    supervise(postgres, guard, preferredPort, settings),
  )
  stops.push(() => server.stop())

  const pooler = options.pooler ? await startPooler(dataDir, file, server.port, guard) : null
  if (pooler) stops.push(() => pooler.stop())

  const receiver = await startReceiver(mail, file.runtime?.smtp_port ?? server.port + 2)
  stops.push(() => receiver.stop())

  const llm = await startLlmServer(file.runtime?.llm_port ?? server.port + 3)
  stops.push(() => llm.stop())

  const graphPort = file.runtime?.whatsapp_port ?? server.port + 4
  const graph = await startGraphServer(whatsapp, graphPort, twilioApi(texts))
  stops.push(() => graph.stop())
  whatsapp.beginWithNumber(file.key_pepper)

  const mpesa = await startDarajaServer(file.runtime?.mpesa_port ?? server.port + 5)
  stops.push(() => mpesa.stop())

  const parts = { gateway, server, receiver, llm, graph, mpesa, pooler }
  const record = () => recordRuntime(options, file, { ...parts, functions })
  // Written one after another: two renames at once could leave the older one.
  let recorded = Promise.resolve()
  const recordSoon = () => {
    recorded = recorded.then(record).catch((error) => say(`stack.json: ${messageOf(error)}`))
  }
  server.onRestart(recordSoon)
  const environment = functionEnvironment(file, server.port, apiUrl)
  if (pooler) environment.TENANTRY_DB_URL = pooler.url
  if (options.replica) {
    const replica = await step('start its standby', () =>
      startReplica(dataDir, file, server.port, guard, options.pooler),
    )
    stops.push(() => replica.stop())
    environment.TENANTRY_READ_DB_URL = replica.url
  }
  const secrets = paymentSecrets(file.key_pepper)
  // The next port, so that its address is mostly the same after a restart.
  const payments = await startPaymentProviders(
    secrets,
    `${apiUrl}/functions/v1`,
    join(dataDir, 'payments.json'),
    server.port + 1,
  )
  stops.push(() => payments.stop())
  const sms = smsEnvironment(graph.url)
  Object.assign(environment, paymentEnvironment(payments.url, secrets), whatsappEnvironment(graph.url), sms)
  functions = await startFunctions(root, options.functions, environment, dataDir, guard, recordSoon)
  stops.push(async () => {
    await functions?.stop()
    await recorded
  })

  if (await step('roles and schemas as hosted', () => bootstrap(file, server.port))) await record()
  const dbUrl = databaseUrl(file, 'postgres', server.port)
  const pushed = await step('migrations', () => migrate(root, dbUrl, dataDir, file))
  if (pushed > 0) {
    await record()
    say(`           ${pushed} migrations applied by the supabase CLI`)
  }
  // Where cron finds the functions, as an operator puts it into a hosted project's Vault.
  await keepVaultSecrets(dbUrl, {
    tenantry_functions_url: `${apiUrl}/functions/v1`,
    tenantry_service_key: file.secret_key,
  })
  await keepPlatformProvider(dbUrl, receiver.port)
  await keepPlatformSms(dbUrl, sms.TENANTRY_TWILIO_URL !== undefined)
  await keepPlatformModel(dbUrl, llm.url)
  if (options.seed) await step('seeds', () => seed(root, dataDir, file, server.port))

  const workers = await startExtensionWorkers({
    adminUrl: databaseUrl(file, 'supabase_admin', server.port),
    log: say,
  })
  stops.push(() => workers.stop())
  const authRest = await step('Auth and REST', async () => {
    const { openAuthRest } = await loadAuthRest()
    surviveDriverFaults()
    const mailer = authMailer(receiver.port, authSettings)
    return keepAuthRest(() =>
      openAuthRest(file, server.port, apiUrl, authSettings, mailer, join(dataDir, 'storage')),
    )
  })
  stops.push(() => authRest.close())
  gateway.serve(authRest)

  const late = await step('edge functions', () => functions!.settled(10_000))
  for (const name of late)
    say(`           the function "${name}" does not answer yet; its log lines start with [${name}]`)
  recordSoon()
  await recorded
  const coaches = await listCoaches(file, server.port)
  // Only where the functions ask the local platform.
  const isLocal = Object.keys(whatsappEnvironment(graph.url)).length > 0
  if (options.seed && (options.functions ?? ['bots']).includes('bots') && !late.includes('bots')) {
    const place = { apiUrl, coaches, publishableKey: file.publishable_key, keyPepper: file.key_pepper }
    if (isLocal) await step('the demo shop’s number', () => connectDemoShop(whatsapp, place))
    await step('the demo shop’s M-Pesa', () => connectDemoTill(mpesa.url, place))
  }
  return machineLine(file, dataDir, coaches)
}

/** The functions would refuse to run, each with a stack trace in the log. */
async function checkBlockedNetworks(): Promise<void> {
  try {
    const { blockedNetworks } = await import('../lib/net/index.ts')
    blockedNetworks()
  } catch (error) {
    throw new StackFailure(`${messageOf(error)} Correct it and start again.`)
  }
}

async function openDataDir(dataDir: string): Promise<void> {
  try {
    if (await mkdir(dataDir, { recursive: true })) await chmod(dataDir, 0o755)
    await access(dataDir, constants.W_OK)
    const names = await readdir(dataDir)
    const ours = names.length === 0 || names.some((name) => /^(stack\.json|postgres|lock)/.test(name))
    if (!ours) {
      throw new StackFailure(
        `${dataDir} holds other files and no stack: give --data an empty folder, or one that does not exist yet.`,
      )
    }
  } catch (error) {
    if (error instanceof StackFailure) throw error
    const reason =
      codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EEXIST' ? 'it is not a folder' : messageOf(error)
    throw new StackFailure(
      `${dataDir} cannot hold the data (${reason}): choose another folder with --data DIR.`,
    )
  }
}

async function openStackFile(dataDir: string): Promise<StackFile> {
  const found = await readStackFile(dataDir)
  if (found) return found
  if (existsSync(join(dataDir, 'postgres'))) {
    throw new StackFailure(
      `${dataDir} has a database but no stack.json, which holds its passwords: put it back from a copy, or run "npm run reset" to start over.`,
    )
  }
  const file = await createSecrets()
  await writeStackFile(dataDir, file)
  return file
}

interface Parts {
  gateway: Gateway
  server: Supervised
  receiver: Receiver
  llm: LlmServer
  graph: GraphServer
  mpesa: DarajaServer
  functions: Functions | null
  pooler: Pooler | null
}

async function recordRuntime(
  { dataDir, stay }: Options,
  file: StackFile,
  { gateway, server, receiver, llm, graph, mpesa, functions, pooler }: Parts,
): Promise<void> {
  file.api_url = `http://127.0.0.1:${gateway.port}`
  file.db_url = databaseUrl(file, 'postgres', server.port)
  file.admin_db_url = databaseUrl(file, 'supabase_admin', server.port)
  const running = functions
    ?.all()
    .flatMap(({ name, port, pid }) => (pid ? [[name, { pid, port }] as const] : []))
  file.runtime = {
    pid: process.pid,
    stays: stay,
    api_port: gateway.port,
    db_port: server.port,
    smtp_port: receiver.port,
    llm_port: Number(new URL(llm.url).port),
    whatsapp_port: Number(new URL(graph.url).port),
    mpesa_port: Number(new URL(mpesa.url).port),
    postgres_pid: server.pid,
    ...(pooler?.pid && { pooler: { pid: pooler.pid, port: pooler.port } }),
    functions: Object.fromEntries(running ?? []),
  }
  await writeStackFile(dataDir, file)
}
