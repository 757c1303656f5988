import { inject } from 'vitest'
import { askSite, type SiteAnswer, type SiteRequest } from './local-site.ts'
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

/** A request to the mailbox. */
export function askMailbox(
  path: string,
  { stack, ...options }: SiteRequest & { stack?: Pick<StackAccess, 'mail_url'> } = {},
): Promise<SiteAnswer> {
  return askSite((stack ?? inject('stack')).mail_url, path, options)
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
