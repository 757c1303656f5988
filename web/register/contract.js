// @ts-check
import { onboarding } from './api.js'
import { handle, part, status } from './forms.js'

const POLL_MS = 1_500
export const sleep = () => new Promise((resolve) => setTimeout(resolve, POLL_MS))

/**
 * Shows the contract of a tenant, as soon as it is made, and ends once it is accepted.
 * @param {string} ref @param {{ show: (id: string) => void, end: () => void }} page
 */
export async function askForAcceptance(ref, { show, end }) {
  const path = `/tenants/${ref}/contract`
  let contract = await onboarding('GET', path)
  status.textContent = 'Your contract is being made …'
  for (; !contract.pdf_sha256; contract = await onboarding('GET', path)) await sleep()
  if (contract.status === 'accepted') return end()
  const link = part('pdf', HTMLAnchorElement)
  link.href = String((await onboarding('GET', `${path}/pdf`)).url)
  // The link ends after a minute, so each press asks for a new one.
  link.addEventListener('click', async () => {
    link.href = String((await onboarding('GET', `${path}/pdf`)).url)
  })
  handle('contract', async () => {
    await onboarding('POST', `${path}/acceptance`, { sha256: contract.pdf_sha256, agreed: true })
    end()
  })
  show('contract')
}
