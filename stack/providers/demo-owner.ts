import type { Coach } from '../database/seed.ts'

/** The seeds of bots are this tenant's. */
const demoShop = 'kassangas'

export interface Place {
  apiUrl: string
  publishableKey: string
  keyPepper: string
  coaches: Coach[]
}

type Ask = (method: string, path: string, body?: object) => Promise<unknown>

/** What the owner of the demo shop does by the routes, with the bot that the seeds made. Undefined if there is none any more. */
export async function asDemoOwner({
  apiUrl,
  publishableKey,
  coaches,
}: Place): Promise<{ ask: Ask; bot: string } | undefined> {
  const owner = coaches.find(({ tenant_slug }) => tenant_slug === demoShop)
  if (!owner) return undefined
  const send = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
    const answer = await fetch(apiUrl + path, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${text.slice(0, 200)}`)
    return JSON.parse(text)
  }
  const { email, password } = owner
  const { access_token } = await send(
    'POST',
    '/auth/v1/token?grant_type=password',
    { apikey: publishableKey },
    { email, password },
  )
  const headers = { authorization: `Bearer ${access_token}`, 'x-tenant': demoShop }
  const ask: Ask = (method, path, body) => send(method, `/functions/v1/bots/bots${path}`, headers, body)
  const { bots } = (await ask('GET', '')) as { bots: { ref_id: string }[] }
  // The seeds made one. Its owner may have deleted it since.
  const bot = bots.at(-1)
  return bot && { ask, bot: bot.ref_id }
}
