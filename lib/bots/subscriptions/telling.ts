import { admin, sql } from '../../db/index.ts'
import { sayDay, subscriptionWords } from './words.ts'

/** Of what a contact is told, as private.find_untold_subscriptions() and find_reminders() give it. */
interface News {
  tenant_id: string
  id: string
  what: 'subscribed' | 'failed' | 'expired' | 'reminder'
  reason: string | null
  plan_name: string
  expires_at: Date | null
  client_name: string
  locale: string
  time_zone: string
  /** By which the contact is offered the plans. */
  word: string
}

/** Tells contacts what became of their payments, and of months that end, once each. Returns how many are written to. */
export async function tellSubscribers(): Promise<number> {
  let told = 0
  const news = await admin.query<News>(sql`
    select * from private.find_untold_subscriptions() union all select * from private.find_reminders()`)
  for (const each of news) {
    const { is_sent } = await admin.one<{ is_sent: boolean }>(sql`
      select private.tell_subscriber(${each.tenant_id}, ${each.id}, ${each.what}, ${textOf(each)}) as is_sent`)
    if (is_sent) told++
  }
  return told
}

function textOf({ what, reason, plan_name, expires_at, client_name, locale, time_zone, word }: News): string {
  const words = subscriptionWords(locale)
  const until = expires_at === null ? undefined : sayDay(expires_at, locale, time_zone)
  const written = word.toUpperCase()
  switch (what) {
    case 'subscribed':
      return words.subscribed(plan_name, until)
    case 'expired':
      return words.expired(plan_name, written)
    case 'reminder':
      return words.reminder(plan_name, until ?? '', written)
    case 'failed': {
      // Money may have moved, so nobody is told that it has not.
      if (reason === 'unclear' || reason === 'refund_due') return words.unclear(client_name)
      const why = words.reasons[reason ?? '']
      return `${why ? `${why} ` : ''}${words.failed(plan_name, written)}`
    }
  }
}
