// npm run new -- table <domain> <nouns> writes everything a table needs, ready to be filled in. A domain that does not
// exist yet is made with it.
import { parseArgs } from 'node:util'
import { messageOf, StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { namesOf, type TableNames } from '../scaffold/names.ts'
import { type PlannedFile, planTable } from '../scaffold/plan.ts'
import { refuseTaken } from '../scaffold/refusals.ts'
import { writeFiles } from '../scaffold/write-files.ts'
import { projectRoot } from './options.ts'

const usage = `Usage: npm run new -- table <domain> <nouns> [--singular NOUN]
  <domain>         one word, such as assessments
  <nouns>          the table's name, a plural in snake_case, such as meeting_notes
  --singular NOUN  one of them, where it is not the plural without its ending`

try {
  const names = readNames(process.argv.slice(2))
  refuseTaken(projectRoot, names)
  const plan = planTable(projectRoot, names)
  await writeFiles(projectRoot, plan)
  report(plan)
} catch (error) {
  if (!(error instanceof StackFailure)) throw error
  say(messageOf(error))
  process.exitCode = 1
}

function report(plan: PlannedFile[]): void {
  for (const { path, isNew } of plan) say(`${isNew ? 'wrote' : 'extended'}  ${path}`)
  say(`
Next: put the table's real columns where these files say "name", and its rules where they say who may do what.
Then run "npm run generate", "npm run check" and "npm test", and commit what they made.`)
}

function readNames(args: string[]): TableNames {
  const { values, positionals } = parse(args)
  const [what, domain, nouns, ...rest] = positionals
  if (what !== 'table' || domain === undefined || nouns === undefined || rest.length > 0)
    throw new StackFailure(usage)
  return namesOf(domain, nouns, values.singular)
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { singular: { type: 'string' } } })
  } catch (error) {
    throw new StackFailure(`${messageOf(error).split('\n')[0]}\n${usage}`)
  }
}
