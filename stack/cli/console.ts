// npm run build: the console as a folder for any static host.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeConsole } from '../console/build.ts'

const usage = `Usage: npm run build -- --api https://<ref>.supabase.co --key sb_publishable_... [--out dist/console]`
const root = fileURLToPath(new URL('../..', import.meta.url))

function readArguments() {
  const { values } = parseArgs({
    options: {
      api: { type: 'string' },
      key: { type: 'string' },
      out: { type: 'string', default: 'dist/console' },
    },
  })
  const { api = '', key = '', out } = values
  const url = URL.canParse(api) ? new URL(api) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/')
    throw new Error(`--api is the address of your Supabase project. ${usage}`)
  if (key.startsWith('sb_secret_'))
    throw new Error(
      '--key is a secret key. Everybody who opens the console would have it. Give the publishable key.',
    )
  if (!/^[\w.-]{20,}$/.test(key))
    throw new Error(`--key is the publishable key of your Supabase project. ${usage}`)
  return { api: url.origin, key, out: resolve(out) }
}

try {
  const { api, key, out } = readArguments()
  console.log('Building the console ...')
  await writeConsole(root, out, { api, key })
  console.log(
    `The console is in ${out}. Put it on any static host, and allow that address in Auth (site URL).`,
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
