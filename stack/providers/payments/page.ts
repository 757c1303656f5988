import type { Sale } from './books.ts'

const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const text = (value: string) => value.replace(/[&<>"]/g, (character) => escaped[character] ?? '')

/** The page on which a sale is paid. It says that nobody pays anything here. */
export function payPage(sale: Sale): string {
  const price = `${(sale.amount / 100).toFixed(2)} ${sale.currency.toUpperCase()}`
  const state = sale.status === 'open' ? 'not paid yet' : sale.status
  const buttons = outcomesOf(sale).map(
    ([outcome, label]) => `<button name="outcome" value="${outcome}">${label}</button>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Local ${sale.provider}: no money is moved</title>
<style>body { font: 1rem/1.5 system-ui; max-width: 36rem; margin: 3rem auto; padding: 0 1rem } button { margin: 0 .5rem .5rem 0; padding: .5rem 1rem; font: inherit }</style>
<h1>${text(sale.title)}: ${text(price)}${sale.isMonthly ? ' a month' : ''}</h1>
<p><strong>This is the embedded stack's own ${sale.provider}. No money is moved, and no card is asked for.</strong>
It signs its webhooks as ${sale.provider} does.</p>
<p>${text(sale.id)} is ${text(state)}.</p>
<form method="post">${buttons.join('\n')}</form>
</html>
`
}

/** What a buyer, the bank or time can do now. */
export function outcomesOf(sale: Sale): [outcome: string, label: string][] {
  if (sale.status === 'open') {
    return [
      ['pay', 'Pay'],
      ['fail', 'Have the card refused'],
    ]
  }
  if (!sale.isMonthly || sale.status === 'cancelled') return []
  return [
    ['pay', 'A month later: charge again'],
    ['fail', 'A month later: have the charge fail'],
    ['cancel', 'Cancel the subscription'],
  ]
}
