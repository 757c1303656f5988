import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import type { StackAccess } from './stack.ts'

/** A message as the mailbox's JSON API gives it. */
export interface Mail {
  id: string
  from: string
  to: string[]
  subject: string
  received_at: string
  size: number
  headers: { name: string; value: string }[]
  text: string
  html: string | null
  attachments: { filename: string; type: string; size: number }[]
  links: string[]
  codes: string[]
}

export interface MailboxAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A request to the mailbox. Node resolves no *.localhost, so the name stands in the Host alone. */
export function askMailbox(
  path: string,
  options: { method?: string; headers?: Record<string, string>; stack?: Pick<StackAccess, 'mail_url'> } = {},
): Promise<MailboxAnswer> {
  const { host, port } = new URL((options.stack ?? inject('stack')).mail_url)
  return new Promise((resolve, reject) => {
    request({
      host: '127.0.0.1',
      port,
      path,
      method: options.method ?? 'GET',
      headers: { host, ...options.headers },
    })
      .on('response', async (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
      )
      .on('error', reject)
      .end()
  })
}

/** What was mailed to an address, the oldest first. */
export async function mailTo(address: string, stack = inject('stack')): Promise<Mail[]> {
  const listed = await askMailbox(`/api/messages?to=${encodeURIComponent(address)}`, { stack })
  const { messages } = JSON.parse(listed.body) as { messages: { id: string }[] }
  const read = messages.map(async ({ id }) =>
    JSON.parse((await askMailbox(`/api/messages/${id}`, { stack })).body),
  )
  return (await Promise.all(read)).reverse()
}

/** The values of the link in one of Auth's mails. They stand behind the #, where no server sees them. */
export function linkIn(mail: Mail | undefined): { type: string; token_hash: string; url: string } {
  const url = mail?.links.find((link) => link.includes('/confirm/'))
  if (!url) throw new Error(`No link in ${JSON.stringify(mail)}`)
  const values = new URLSearchParams(new URL(url).hash.slice(1))
  return { type: values.get('type') ?? '', token_hash: values.get('token_hash') ?? '', url }
}
