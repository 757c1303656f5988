import { messageOf } from '../../failure.ts'
import { say } from '../../log.ts'
import { asDemoOwner, type Place } from '../demo-owner.ts'
import { localAccount } from './server.ts'

/**
 * Has the customers of the demo shop pay to the local M-Pesa, as its owner would: by the routes. An account that somebody has set elsewhere
 * stays. Without it nobody can subscribe, so a failure is said and stops nothing.
 */
export async function connectDemoTill(url: string, place: Place): Promise<void> {
  try {
    const owner = await asDemoOwner(place)
    if (!owner) return
    const { ask, bot } = owner
    const known = (await ask('GET', `/${bot}/mpesa`).catch(() => null)) as { base_url: string } | null
    // One of ours, maybe at another port than before.
    if (known && !known.base_url.startsWith('http://127.0.0.1:')) return
    if (known?.base_url !== url) await ask('PUT', `/${bot}/mpesa`, { ...localAccount, base_url: url })
  } catch (error) {
    say(`[m-pesa] The demo shop's bot was not connected to the local M-Pesa: ${messageOf(error)}`)
  }
}
