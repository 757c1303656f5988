import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Platform } from '../../../../stack/providers/graph/platform.ts'
import { eventually } from '../../../kit/eventually.ts'
import { startCallback, verifyToken } from './callback-server.ts'
import { ada, text } from './scene.ts'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tenantry-whatsapp-')), 'whatsapp')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const times = { retryMs: 20 }
const open = async () => {
  const platform = Platform.open({ folder, times })
  platform.beginWithNumber('a pepper')
  return platform
}

it('a folder begins with a number, which stays the same', async () => {
  const first = await open()
  const [number] = first.numbers()
  expect(number).toMatchObject({ phone_number_id: '100000000000001', verified_name: 'Local shop' })
  first.stop()
  await rm(folder, { recursive: true })
  const again = await open()
  expect(again.numbers()).toEqual([number])
  again.stop()
})

it('numbers, chats, templates and files of before a restart are there after it', async () => {
  const before = await open()
  const number = before.makeNumber({ verified_name: 'Kept', misbehaviour: { duplicates: 1 } })
  const { id } = before.write(number, ada, text('Hello'))
  const { id: file } = await before.media.add(number.phone_number_id, 'image/png', new Uint8Array([1, 2, 3]))
  before.stop()
  const after = await open()
  const found = after.find(number.phone_number_id)!
  expect(found).toEqual(number)
  expect(after.chats.withMessage(found, id)?.contact).toEqual(ada)
  expect(after.templates.of(number.waba_id)).toHaveLength(1)
  expect(await after.media.read(file)).toEqual(new Uint8Array([1, 2, 3]))
  after.stop()
})

it('a webhook that nobody took before a restart is posted after it', async () => {
  const callback = await startCallback()
  const before = await open()
  const number = before.makeNumber()
  await before.setCallback(number, callback.url, verifyToken)
  callback.answers.push(...Array<number>(1000).fill(503))
  const { id } = before.write(number, ada, text('Hello'))
  await eventually(() => expect(callback.posted.length).toBeGreaterThan(0))
  before.stop()
  callback.answers.length = 0
  callback.posted.length = 0
  const after = await open()
  const found = after.find(number.phone_number_id)!
  await eventually(() =>
    expect(after.chats.withMessage(found, id)?.messages[0]).toMatchObject({ id, status: 'delivered' }),
  )
  // Twice, if the stack was stopped in the middle of a request.
  expect(new Set(callback.messages().map((message) => message.id))).toEqual(new Set([id]))
  after.stop()
  await callback.stop()
})

it('what was being written when the stack was killed does not count, and nobody else may read it', async () => {
  const before = await open()
  before.makeNumber({ verified_name: 'Kept' })
  before.stop()
  await writeFile(join(folder, 'state.json.new'), '{"numbers": [{', { mode: 0o600 })
  const after = await open()
  expect(after.numbers().map(({ verified_name }) => verified_name)).toEqual(['Local shop', 'Kept'])
  after.stop()
  expect((await stat(join(folder, 'state.json'))).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['state.json'])
})

it('a folder is made by what is kept in it, and not before', async () => {
  const platform = Platform.open({ folder })
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
  platform.stop()
  expect(await readdir(folder)).toEqual(['state.json'])
})

it('without a folder nothing is kept', () => {
  const platform = Platform.open()
  platform.makeNumber()
  platform.stop()
  expect(Platform.open().numbers()).toEqual([])
})
