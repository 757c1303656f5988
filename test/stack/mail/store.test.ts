import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { MailStore } from '../../../stack/mail/store.ts'
import { makeTempDir } from '../../kit/stack.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

let dataDir: string
beforeEach(async () => {
  dataDir = await makeTempDir()
  folders.push(dataDir)
})

const envelope = (to = 'ada@example.com') => ({ from: 'shop@example.com', to: [to] })
const message = (subject: string, body = 'Hello.') => Buffer.from(`Subject: ${subject}\r\n\r\n${body}\r\n`)
const subjects = (store: MailStore, to?: string) => store.list(to).map(({ subject }) => subject)

describe('what was received', () => {
  it('is listed the newest first, to everybody or to one address', async () => {
    const store = await MailStore.open(dataDir)
    await store.add(envelope(), message('one'))
    await store.add(envelope('Bob@Example.com'), message('two'))
    await store.add(envelope(), message('three'))
    expect(subjects(store)).toEqual(['three', 'two', 'one'])
    expect(subjects(store, 'ADA@example.com')).toEqual(['three', 'one'])
    expect(subjects(store, 'ada@example')).toEqual([])
  })

  it('is there after a restart, byte for byte', async () => {
    const raw = Buffer.from([...message('bytes'), 0, 255, 10, 13, 10, 200])
    const { id } = await (await MailStore.open(dataDir)).add(envelope(), raw)
    const again = await MailStore.open(dataDir)
    expect(await again.read(id)).toEqual(raw)
    expect(again.find(id)).toMatchObject({ subject: 'bytes', size: raw.length, ...envelope() })
  })

  it('can be read by its owner only', async () => {
    await (await MailStore.open(dataDir)).add(envelope(), message('private'))
    const [name] = await readdir(join(dataDir, 'mail'))
    expect((await stat(join(dataDir, 'mail'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(dataDir, 'mail', name!))).mode & 0o777).toBe(0o600)
  })

  it('has a subject on one line, whatever it says', async () => {
    const store = await MailStore.open(dataDir)
    const subject = async (line: string) => (await store.add(envelope(), message(line))).subject
    expect(await subject('=?utf-8?B?R3LDvMOfZQ==?=')).toBe('Grüße')
    expect(await subject('=?utf-8?Q?a=0D=0Ab=E2=80=AEc?=')).toBe('a b c')
    expect(await subject('x'.repeat(5000))).toHaveLength(1000)
    expect((await store.add(envelope(), Buffer.from([0, 1, 2]))).subject).toBe('')
    expect((await store.add(envelope(), Buffer.alloc(0))).subject).toBe('')
  })

  it('keeps its order when many come at once', async () => {
    const store = await MailStore.open(dataDir)
    await Promise.all(Array.from({ length: 40 }, (_, at) => store.add(envelope(), message(`${at}`))))
    const ids = store.list().map(({ id }) => id)
    expect(ids).toHaveLength(40)
    expect(ids).toEqual(ids.toSorted().reverse())
  })
})

describe('there is an end to it', () => {
  it('by number: the oldest goes first', async () => {
    const store = await MailStore.open(dataDir, { messages: 2 })
    for (const subject of ['one', 'two', 'three']) await store.add(envelope(), message(subject))
    expect(subjects(store)).toEqual(['three', 'two'])
    expect(await readdir(join(dataDir, 'mail'))).toHaveLength(2)
  })
  it('by size: the oldest goes first, and the newest never', async () => {
    const store = await MailStore.open(dataDir, { bytes: 1000 })
    for (const subject of ['one', 'two', 'three'])
      await store.add(envelope(), message(subject, 'x'.repeat(400)))
    expect(subjects(store)).toEqual(['three', 'two'])
    await store.add(envelope(), message('huge', 'x'.repeat(5000)))
    expect(subjects(store)).toEqual(['huge'])
  })
  it('by a smaller limit than before', async () => {
    const store = await MailStore.open(dataDir)
    for (const subject of ['one', 'two', 'three']) await store.add(envelope(), message(subject))
    expect(subjects(await MailStore.open(dataDir, { messages: 1 }))).toEqual(['three'])
  })
})

describe('what is deleted', () => {
  it('is gone from the disk, and others are not', async () => {
    const store = await MailStore.open(dataDir)
    const { id } = await store.add(envelope(), message('one'))
    await store.add(envelope(), message('two'))
    expect(await store.delete(id)).toBe(true)
    expect([await store.delete(id), await store.read(id), store.find(id)]).toEqual([false, null, null])
    expect(subjects(await MailStore.open(dataDir))).toEqual(['two'])
    await store.deleteAll()
    expect([subjects(store), await readdir(join(dataDir, 'mail'))]).toEqual([[], []])
  })
  it('is no file outside the folder', async () => {
    await writeFile(join(dataDir, 'stack.json'), '{}')
    const store = await MailStore.open(dataDir)
    for (const id of ['../stack.json', '..', '', '../stack', '\0'])
      expect([await store.delete(id), await store.read(id)]).toEqual([false, null])
    expect(await readFile(join(dataDir, 'stack.json'), 'utf8')).toBe('{}')
  })
})

describe('a folder that is not as it should be', () => {
  it('with half a message, with foreign files, with a broken one', async () => {
    await mkdir(join(dataDir, 'mail'))
    const store = await MailStore.open(dataDir)
    const { id } = await store.add(envelope(), message('whole'))
    const put = (name: string, text: string) => writeFile(join(dataDir, 'mail', name), text)
    await put(`${'0'.repeat(25)}.part`, 'Subject: ha')
    await put(`${'0'.repeat(25)}.mail`, 'no json')
    await put(`${'1'.repeat(25)}.mail`, `{"id": "${id}"}\nSubject: somebody else's name\r\n`)
    await put('notes.txt', 'mine')
    expect(subjects(await MailStore.open(dataDir))).toEqual(['whole'])
    expect((await readdir(join(dataDir, 'mail'))).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(await readFile(join(dataDir, 'mail', 'notes.txt'), 'utf8')).toBe('mine')
  })

  it('after a kill in the midst of writing: each message is whole, and each that was taken is there', async () => {
    const path = (name: string) => fileURLToPath(new URL(`../../../stack/${name}`, import.meta.url))
    const script = `
      import { MailStore } from ${JSON.stringify(path('mail/store.ts'))}
      const store = await MailStore.open(${JSON.stringify(dataDir)})
      for (let at = 0; ; at++) {
        const raw = Buffer.from('Subject: ' + at + '\\r\\n\\r\\n' + 'x'.repeat(300_000) + 'end')
        await Promise.all([0, 1, 2].map(() => store.add({ from: 'a@b.c', to: ['d@e.f'] }, raw)))
        process.stdout.write(at + '\\n')
      }`
    const program = join(dataDir, 'program.ts')
    await writeFile(program, script)
    const child = spawn(process.execPath, [path('run.js'), program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let taken = 0
    child.stdout.on('data', (chunk) => {
      taken += String(chunk).split('\n').length - 1
    })
    while (taken < 5) await sleep(20)
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    const store = await MailStore.open(dataDir)
    const kept = store.list()
    expect(kept.length).toBeGreaterThanOrEqual(Math.min(taken * 3, 200))
    for (const { id, size } of kept) {
      const raw = await store.read(id)
      expect([raw?.length, raw?.subarray(-3).toString()]).toEqual([size, 'end'])
    }
  })
})
