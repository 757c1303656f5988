import { readFile } from 'node:fs/promises'
import pg from 'pg'
import type { Arguments, Callable } from './calls.ts'
import { asParameter } from './values.ts'
import type { World } from './world.ts'

/** What became of a call: the processor time that the database spent on it, and the refusal if there was one. */
export interface Attempt {
  ms: number
  refusal?: { code: string; message: string; detail: string; hint: string }
}

/** Calls a function as its weakest caller, in a savepoint, so that it leaves nothing. */
export async function attempt(
  db: pg.ClientBase,
  world: World,
  { name, parameters, role }: Callable,
  given: Arguments,
  isNamed = true,
): Promise<Attempt> {
  const used = parameters.filter((parameter) => parameter.name in given)
  const text = used
    .map(({ name, type }, index) => `${isNamed ? `${name} => ` : ''}$${index + 1}::${type}`)
    .join(', ')
  const values = used.map(({ name, type }) => asParameter(type, given[name]))
  await db.query('savepoint attempt')
  try {
    if (role !== null) {
      const claims = { role, ...(role === 'authenticated' && { sub: world.owner }) }
      await db.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
        role,
        JSON.stringify(claims),
      ])
    }
    const since = await processorTime(world.backend)
    const refusal = await refusalOf(db.query(`select from ${name}(${text})`, values))
    return { ms: (await processorTime(world.backend)) - since, ...(refusal && { refusal }) }
  } finally {
    // Released as well: thousands of savepoints inside each other would fill the lock table.
    await db.query('rollback to savepoint attempt; release savepoint attempt')
  }
}

async function refusalOf(query: Promise<unknown>): Promise<Attempt['refusal']> {
  try {
    await query
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError)) throw thrown
    const { code = '', message, detail = '', hint = '' } = thrown
    // Out of memory or of locks, a shutdown: that says nothing about the function.
    if (/^(5[378]|XX)/.test(code)) throw thrown
    return { code, message, detail, hint }
  }
}

/** In milliseconds. Linux counts it for each process, whatever else the machine does; elsewhere the clock must do. */
async function processorTime(pid: number): Promise<number> {
  const counted = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => null)
  return counted === null ? performance.now() : Number(counted.split(' ')[0]) / 1e6
}
