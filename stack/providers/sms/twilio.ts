import { Hono } from 'hono'
import { z } from 'zod'
import type { Texts } from './texts.ts'

const Message = z.object({
  To: z.string().regex(/^\+[1-9][0-9]{6,14}$/),
  From: z.string().min(1).max(50).optional(),
  MessagingServiceSid: z.string().optional(),
  Body: z.string().min(1).max(1600),
})

/** The part of Twilio's API that sends an SMS. Nothing leaves this machine: the page of the phones shows it. */
export function twilioApi(texts: Texts) {
  return new Hono().post('/2010-04-01/Accounts/:account/Messages.json', async (c) => {
    if (!c.req.header('authorization')?.startsWith('Basic '))
      return c.json({ code: 20003, message: 'Authenticate', status: 401 }, 401)
    const sent = Message.safeParse(Object.fromEntries(new URLSearchParams(await c.req.text())))
    if (!sent.success) return c.json({ code: 21211, message: "Invalid 'To' Phone Number", status: 400 }, 400)
    const { To, From, Body } = sent.data
    const { sid } = texts.add({ to: To, from: From ?? 'Tenantry', body: Body })
    return c.json({ sid, status: 'queued', to: To, body: Body }, 201)
  })
}

/** What the platform sends by: credentials of nobody. */
export const localAccount = { account_sid: `AC${'0'.repeat(32)}`, from: '+12025550100' }

/** Where the functions find the local server. An address in the shell is the one that somebody wants instead. */
export function smsEnvironment(
  url: string,
  shell: Record<string, string | undefined> = process.env,
): Record<string, string> {
  return shell.TENANTRY_TWILIO_URL ? {} : { TENANTRY_TWILIO_URL: url }
}
