import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMessage } from '../../../stack/mail/message.ts'
import { type Receiver, startReceiver } from '../../../stack/mail/receiver.ts'
import { MailStore } from '../../../stack/mail/store.ts'
import { makeTempDir } from '../../kit/stack.ts'

let dataDir: string
let store: MailStore
let receiver: Receiver
beforeAll(async () => {
  dataDir = await makeTempDir()
  store = await MailStore.open(dataDir)
  receiver = await startReceiver(store)
})
afterAll(async () => {
  await receiver.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const fresh = (mode = '') => `${mode}${randomUUID()}@example.com`

interface Sent {
  accepted?: unknown
  rejected?: unknown
  /** Of a refusal: the number of SMTP, and nodemailer's word for it. */
  responseCode?: number
  code?: string
}

/** Sends by nodemailer, and gives what it got to know. */
async function send(to: string | string[], options: SendMailOptions = {}, user?: string): Promise<Sent> {
  const transport = createTransport({
    ...{ host: '127.0.0.1', port: receiver.port, secure: false, ignoreTLS: true },
    ...(user && { auth: { user, pass: 'x' } }),
  })
  const message = { from: 'shop@example.com', to, subject: 'Hello', text: 'Hello.', ...options }
  return transport.sendMail(message).catch((error: Sent) => error)
}
const arrived = (to: string) => store.list(to).length

describe('a message', () => {
  it('is kept exactly as it was sent, once', async () => {
    const to = fresh()
    const raw = `From: a@b.c\r\nSubject: raw\r\n\r\n.one\r\n..two\r\n${'x'.repeat(2000)}\r\nümläut\r\n`
    expect(await send(to, { raw, envelope: { from: 'a@b.c', to: [to] } })).toMatchObject({ accepted: [to] })
    const [mail, ...others] = store.list(to)
    expect(others).toEqual([])
    expect((await store.read(mail!.id))?.toString()).toBe(raw)
    expect(mail).toMatchObject({ from: 'a@b.c', to: [to], subject: 'raw' })
  })
  it('has the recipients of its envelope, hidden ones included', async () => {
    const [to, bcc] = [fresh(), fresh()]
    await send(to, { bcc })
    expect(store.list(bcc).map((mail) => mail.to)).toEqual([[to, bcc]])
  })
  it('is read: text, links, codes and attachments', async () => {
    const to = fresh()
    const html =
      '<p>Your code is <b>123456</b>, not 1234567 or 12-345678.</p><a href="https://a.example/?c=654321&amp;d=1">go</a>'
    const attachments = [{ filename: '../<b>x</b>\r\n.txt', content: 'hello' }]
    await send(to, { html, text: undefined, attachments })
    const read = await readMessage((await store.read(store.list(to)[0]!.id))!)
    expect(read).toMatchObject({ links: ['https://a.example/?c=654321&d=1'], codes: ['123456'], html })
    expect(read.attachments).toEqual([expect.objectContaining({ type: 'text/plain', size: 5 })])
    expect(read.attachments[0]!.filename).not.toMatch(/[\r\n]/)
  })
  it('may come from somebody who signs in, whatever the password', async () => {
    const to = fresh()
    expect(await send(to, {}, 'anybody')).toMatchObject({ accepted: [to] })
  })
  it('from no sender, as bounces have it, is taken', async () => {
    const to = fresh()
    await send(to, { envelope: { from: '', to: [to] } })
    expect(store.list(to)).toEqual([expect.objectContaining({ from: '' })])
  })
})

describe('what is refused', () => {
  it('more than 10 MiB', async () => {
    const to = fresh()
    const content = Buffer.alloc(11 * 1024 * 1024, 'x')
    expect(await send(to, { text: content })).toMatchObject({ responseCode: 552 })
    expect(arrived(to)).toBe(0)
  })
  it('more than 100 recipients: the rest', async () => {
    const to = Array.from({ length: 102 }, () => fresh())
    const { accepted, rejected } = await send(to)
    expect([accepted, rejected]).toEqual([to.slice(0, 100), to.slice(100)])
  })
  it('a request of a browser', async () => {
    const socket = connect(receiver.port, '127.0.0.1')
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<http@example.com>\r\nDATA\r\nhi\r\n.\r\n',
    )
    expect(await text(socket)).toMatch(/^421 /m)
    expect(arrived('http@example.com')).toBe(0)
  })
})

describe('misbehaving, for the addresses that ask for it', () => {
  it('greylist: 451 the first time, accepted from then on', async () => {
    const to = fresh('greylist+')
    expect(await send(to)).toMatchObject({ responseCode: 451, code: 'EENVELOPE' })
    expect(arrived(to)).toBe(0)
    expect(await send(to.toUpperCase())).toMatchObject({ rejected: [] })
    expect(arrived(to)).toBe(1)
  })
  it('reject: one of two recipients, and the other gets it', async () => {
    const [good, bad] = [fresh(), fresh('reject+')]
    expect(await send([bad, good])).toMatchObject({ accepted: [good], rejected: [bad] })
    expect([arrived(good), arrived(bad)]).toEqual([1, 0])
    expect(await send(bad)).toMatchObject({ responseCode: 550, code: 'EENVELOPE' })
  })
  it('busy: 421, and the connection is closed', async () => {
    const [good, bad] = [fresh(), fresh('busy+')]
    expect(await send([bad, good])).toMatchObject({ responseCode: 421 })
    expect([arrived(good), arrived(bad)]).toEqual([0, 0])
  })
  it('too-large: 552 after the message', async () => {
    const to = fresh('too-large+')
    expect(await send(to)).toMatchObject({ responseCode: 552, code: 'EMESSAGE' })
    expect(arrived(to)).toBe(0)
  })
  it.each([
    ['drop-kept', 1, 2],
    ['drop-lost', 0, 1],
  ])('%s: no answer the first time', async (mode, first, second) => {
    const to = fresh(`${mode}+`)
    const ended = await send(to)
    expect([ended.accepted, ended.responseCode, ended.code]).toEqual([undefined, undefined, 'ECONNECTION'])
    expect(arrived(to)).toBe(first)
    expect(await send(to)).toMatchObject({ accepted: [to] })
    expect(arrived(to)).toBe(second)
  })
  it('drop-always: no answer, each time', async () => {
    const to = fresh('drop-always+')
    for (const _ of [1, 2]) expect(await send(to)).toMatchObject({ code: 'ECONNECTION' })
    expect(arrived(to)).toBe(0)
  })
  it('drip: the answer comes line by line, and whoever waits gets it', async () => {
    const to = fresh('drip+1.')
    expect(await send(to)).toMatchObject({ accepted: [to], response: expect.stringMatching(/^250-Wait/) })
    expect(arrived(to)).toBe(1)
  })
  it('refuse: 535 for who signs in with such a name', async () => {
    const to = fresh()
    expect(await send(to, {}, 'refuse+somebody')).toMatchObject({ responseCode: 535, code: 'EAUTH' })
    expect(arrived(to)).toBe(0)
  })
  it('for no other address', async () => {
    const to = ['greylist@', 'rejected+x@', 'x+reject+@', 'busy.x@', 'drop+x@'].map(
      (local) => `${local}${randomUUID()}.example`,
    )
    expect(await send(to)).toMatchObject({ accepted: to, rejected: [] })
  })
})
