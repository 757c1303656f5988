import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StackFailure } from './failure.ts'

const Runtime = z.object({
  pid: z.number(),
  /** It goes on when whoever started it is gone. */
  stays: z.boolean().default(false),
  api_port: z.number(),
  db_port: z.number(),
  smtp_port: z.number().optional(),
  llm_port: z.number().optional(),
  whatsapp_port: z.number().optional(),
  mpesa_port: z.number().optional(),
  postgres_pid: z.number().optional(),
  /** PgBouncer, if the functions reach the database through it. */
  pooler: z.object({ pid: z.number(), port: z.number() }).optional(),
  functions: z.record(z.string(), z.object({ pid: z.number(), port: z.number() })),
})

/**
 * <data>/stack.json, mode 0600: everything generated for this data folder, and where its parts run.
 * Never committed: the folder is git-ignored, and each folder has its own.
 */
const StackFile = z.object({
  version: z.literal(1),
  created_at: z.string(),
  jwt_secret: z.string().min(32),
  publishable_key: z.string().startsWith('sb_publishable_'),
  secret_key: z.string().startsWith('sb_secret_'),
  /** The pepper of API keys. A folder that was made before there were API keys gets one now. */
  key_pepper: z.string().min(32).default(newPepper),
  database_passwords: z.object({
    supabase_admin: z.string(),
    postgres: z.string(),
    authenticator: z.string(),
    supabase_auth_admin: z.string(),
  }),
  /** Sign-in passwords given to the seeded users, by e-mail address. */
  user_passwords: z.record(z.string(), z.string()),
  /** The fingerprint of the SQL that made the roles, so that an older folder is brought up to date. */
  bootstrap: z.string().optional(),
  /** The SHA-256 of each migration that was applied, by version. */
  migrations: z.record(z.string(), z.string()).optional(),
  api_url: z.string().optional(),
  db_url: z.string().optional(),
  admin_db_url: z.string().optional(),
  /** Of the last start. The lock says whether it still runs. */
  runtime: Runtime.optional(),
})

export type StackFile = z.infer<typeof StackFile>
export type DatabaseRole = keyof StackFile['database_passwords']

const stackFilePath = (dataDir: string) => join(dataDir, 'stack.json')

export function newPassword(): string {
  return randomBytes(18).toString('base64url')
}

function newPepper(): string {
  return randomBytes(32).toString('base64url')
}

export async function createSecrets(): Promise<StackFile> {
  // Loaded here, since it is large and only a first start needs it this early.
  const { generateApiKey } = await import('@supabase/lite')
  return {
    version: 1,
    created_at: new Date().toISOString(),
    jwt_secret: randomBytes(32).toString('base64url'),
    publishable_key: (await generateApiKey('publishable')).key,
    secret_key: (await generateApiKey('secret')).key,
    key_pepper: newPepper(),
    database_passwords: {
      supabase_admin: newPassword(),
      postgres: newPassword(),
      authenticator: newPassword(),
      supabase_auth_admin: newPassword(),
    },
    user_passwords: {},
  }
}

/** The folder's stack.json, or null when there is none yet. */
export async function readStackFile(dataDir: string): Promise<StackFile | null> {
  const path = stackFilePath(dataDir)
  if (!existsSync(path)) return null
  const text = await readFile(path, 'utf8')
  let reason: string
  try {
    const parsed = StackFile.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    reason = `${issue?.path.join('.')}: ${issue?.message}`
  } catch {
    reason = 'it is not JSON'
  }
  throw new StackFailure(
    `${path} cannot be used (${reason}): put it back from a copy, since it holds the database's passwords, or run "npm run reset" to start over with an empty database.`,
  )
}

/** Replaces the file whole, so that a kill in the middle leaves the old one. */
export async function writeStackFile(dataDir: string, file: StackFile): Promise<void> {
  const path = stackFilePath(dataDir)
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}

export function databaseUrl(file: StackFile, role: DatabaseRole, port: number): string {
  return `postgresql://${role}:${file.database_passwords[role]}@127.0.0.1:${port}/postgres`
}
