// npm run fonts [-- FOLDER] writes FOLDER/fonts: what brands are set in, for a static host. web/page by default.
import { resolve } from 'node:path'
import { StackFailure } from '../failure.ts'
import { writeFonts } from '../fonts.ts'
import { say } from '../log.ts'
import { projectRoot } from './options.ts'

const folder = resolve(process.argv[2] ?? resolve(projectRoot, 'web/page'))
try {
  const bytes = await writeFonts(projectRoot, folder)
  say(`${folder}/fonts written, ${(bytes / 1e6).toFixed(1)} MB.`)
} catch (error) {
  if (!(error instanceof StackFailure)) throw error
  say(error.message)
  process.exitCode = 1
}
