import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { superuser } from './kit/db.ts'

/** Ranges that regulators keep free for films and examples, so that no number of ours rings at somebody's. */
const reserved = [
  /^\+1[2-9]\d{2}55501\d{2}$/, // NANPA: 555-0100 to 555-0199 in every area
  /^\+447700900\d{3}$/, // Ofcom: 07700 900000 to 900999
  /^\+442079460\d{3}$/, // Ofcom: 020 7946 0000 to 0999
]
const isReserved = (number: string) => reserved.some((range) => range.test(number))

it('every telephone number in seeds, tests and documents is reserved for examples', () => {
  const files = execFileSync('git', ['ls-files', 'seeds', 'test', 'docs', 'supabase/schemas', 'README.md'], {
    encoding: 'utf8',
  })
  const found = files.split('\n').flatMap((name) => {
    const text = name === '' ? '' : readFileSync(name, 'utf8')
    return [...text.matchAll(/['"`](\+[1-9]\d{7,14})['"`]/g)].map(([, number]) => ({ name, number: number! }))
  })
  expect(found.length).toBeGreaterThan(0)
  expect(found.filter(({ number }) => !isReserved(number))).toEqual([])
})

it('every telephone number of the demo tenants is reserved for examples', async () => {
  const { rows } = await superuser.query<{ phone: string }>(
    `select phone from public.user_profiles where phone is not null and email like any ('{%.test,demo@example.com}')`,
  )
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter(({ phone }) => !isReserved(phone))).toEqual([])
})
