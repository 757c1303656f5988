// @ts-check
// One form after the other. Where somebody is, the functions know by a cookie that no script reads.
import { acceptInvitation, confirm, onboarding, Refused, signedIn, signIn, signUp } from './api.js'
import { askForAcceptance, sleep } from './contract.js'
import { offerCountries, prefill } from './fields.js'
import { finish, form, handle, part, show as showForm, status } from './forms.js'

const steps = ['plan', 'contact', 'company', 'location', 'billing', 'payment', 'contract']
const current = '/registrations/current'

let plan = 'professional'
let country = 'IN'
/** The tenant, and what makes this account its owner. @type {{ ref: string, invitation: string | null } | null} */
let made = null

handle('plan', async ({ plan: chosen = plan }) => {
  plan = chosen
  show('contact')
})

/** @type {Record<string, string>} */
let contact = {}
handle('contact', async ({ password = '', ...values }) => {
  contact = values
  if ((await signUp(values.email ?? '', password)) === 'signed in') await sendContact()
  else show('code')
})
handle('code', async ({ code = '' }) => {
  await confirm(contact.email ?? '', code)
  try {
    await sendContact()
  } catch (error) {
    // What is wrong stands in the form before.
    if (error instanceof Refused && error.errors.length > 0) show('contact')
    throw error
  }
})
async function sendContact() {
  await onboarding('POST', '/registrations', contact)
  country = contact.country ?? country
  show('company')
}
handle('company', async (values) => {
  await onboarding('PUT', `${current}/company`, values)
  show('location')
})
handle('location', async (values) => {
  await onboarding('PUT', `${current}/location`, { ...values, has_gst: values.gst_number !== undefined })
  show('billing')
})
handle('billing', async (values) => {
  await onboarding('PUT', `${current}/billing`, { ...values, plan })
  await askForPayment()
})
handle('signin', async ({ email = '', password = '' }) => {
  await signIn(email, password)
  await goOn()
})

async function askForPayment() {
  const order = await onboarding('POST', `${current}/checkout`, { provider: 'stripe' })
  const link = part('pay', HTMLAnchorElement)
  link.href = String(order.pay_url)
  link.textContent = `Pay ${priceOf(Number(order.amount_minor), String(order.currency))} a month`
  show('payment')
  while (!(await isPaid())) await sleep()
  await goOn()
}

async function isPaid() {
  const outcome = await onboarding('GET', `${current}/outcome`)
  const tenant = /** @type {{ ref_id: string } | null} */ (outcome.tenant)
  if (outcome.status === 'failed')
    status.textContent = 'The payment failed. Try again, or pay in another way.'
  if (!tenant) return false
  made = { ref: tenant.ref_id, invitation: /** @type {string | null} */ (outcome.invitation_token) }
  return true
}

async function goOn() {
  if (!made) return
  if (!signedIn()) return show('signin')
  if (made.invitation) await acceptInvitation(made.invitation)
  made.invitation = null
  await askForAcceptance(made.ref, { show, end })
}

function end() {
  finish()
  part('progress', HTMLElement).textContent = ''
}

/** @param {string} id */
function show(id) {
  showForm(id)
  for (const only of part(id, HTMLElement).querySelectorAll('[data-only]'))
    if (only instanceof HTMLElement) only.hidden = only.dataset.only !== country
  const number = steps.indexOf(id === 'code' ? 'contact' : id) + 1
  part('progress', HTMLElement).textContent = number > 0 ? `Step ${number} of ${steps.length}` : ''
}

/** @param {number} minor @param {string} currency */
function priceOf(minor, currency) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency }).format(
    minor / 100,
  )
}

async function offerPlans() {
  const { plans } =
    /** @type {{ plans: { plan: string, name: string, price_minor: number, currency: string }[] }} */ (
      /** @type {unknown} */ (await onboarding('GET', '/plans'))
    )
  const choices = plans.map((each) => {
    const input = Object.assign(document.createElement('input'), {
      type: 'radio',
      name: 'plan',
      value: each.plan,
    })
    input.checked = each.plan === plan
    const label = Object.assign(document.createElement('label'), { className: 'choice' })
    label.append(input, `${each.name}: ${priceOf(each.price_minor, each.currency)}`)
    return label
  })
  part('plans', HTMLElement).replaceChildren(...choices)
}

/** Goes on where this browser was. */
async function resume() {
  const found = await onboarding('GET', current)
  const data = /** @type {Record<string, Record<string, unknown> | null>} */ (/** @type {unknown} */ (found))
  country = String(data.contact?.country ?? country)
  plan = typeof found.plan === 'string' ? found.plan : plan
  for (const step of ['contact', 'company', 'location', 'billing']) prefill(form(step), data[step] ?? null)
  show(steps[Math.min(Number(found.current_step) + 1, 4)] ?? 'plan')
}

async function begin() {
  for (const select of document.querySelectorAll('select[name="country"]'))
    if (select instanceof HTMLSelectElement) offerCountries(select, country)
  await offerPlans()
  try {
    await resume()
  } catch (error) {
    if (!(error instanceof Refused) || (error.status !== 404 && error.status !== 410)) throw error
    // A registration that was paid has ended, and its contract may wait.
    const isMade = error.status === 410 && (await isPaid().catch(() => false))
    if (isMade) await goOn()
    else show('plan')
  }
}

begin().catch((error) => {
  status.textContent = error instanceof Refused ? error.message : 'That did not work. Load the page again.'
  if (!(error instanceof Refused)) throw error
})
