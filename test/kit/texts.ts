import { expect } from 'vitest'
import type { Text } from '../../stack/providers/sms/texts.ts'
import { askPhones } from './whatsapp.ts'

/** A telephone number that no other test has. */
export const freshNumber = () => `+4477${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`

/** The SMS that the stack sent to a number, the newest first. */
export async function textsTo(number: string): Promise<Text[]> {
  const { body } = await askPhones('/api/texts')
  return (JSON.parse(body) as { texts: Text[] }).texts.filter(({ to }) => to === number)
}

/** The six digits of the newest one, once it has come. */
export async function codeSentTo(number: string): Promise<string> {
  await expect.poll(async () => (await textsTo(number)).length).toBeGreaterThan(0)
  return /\b[0-9]{6}\b/.exec((await textsTo(number))[0]!.body)![0]
}
