import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readStackFile } from '../../stack/secrets.ts'
import { procFolder, watchCommandLines } from '../kit/command-lines.ts'
import { bootStack } from '../kit/stack.ts'
import { makeProject } from './project.ts'

test.runIf(existsSync(procFolder))(
  'no password and no key stands in a command line while a stack starts and migrates',
  { timeout: 60_000 },
  async () => {
    const root = await makeProject({
      'supabase/migrations/20250101000000_notes.sql': 'create table public.notes (id int primary key);',
      'functions/hello/index.ts': 'Deno.serve(() => new Response("hello"))',
    })
    const { result: stack, commandLines } = await watchCommandLines(() => bootStack({ root }))
    try {
      const file = (await readStackFile(stack.dataDir))!
      const secrets = [
        ...Object.values(file.database_passwords),
        ...[file.jwt_secret, file.secret_key, file.key_pepper],
      ]
      for (const secret of secrets) expect(secret).toMatch(/^\S{20,}$/)
      // The watch did see the migrations run.
      const isPush = (line: string) => line.includes(root) && line.includes('push\0--remote=postgresql://')
      expect([...commandLines].some(isPush)).toBe(true)
      expect([...commandLines].filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])
    } finally {
      await stack.stop()
      await rm(root, { recursive: true })
    }
  },
)
