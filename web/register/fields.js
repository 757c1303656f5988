// @ts-check

const countries =
  'AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FR GA GB GD GE GH GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KM KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MK ML MM MN MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NZ OM PA PE PG PH PK PL PT PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SV SY SZ TD TG TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VC VE VN VU WS YE ZA ZM ZW'

/** Fills a choice of countries. @param {HTMLSelectElement} select @param {string} chosen */
export function offerCountries(select, chosen) {
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: 'region' })
  const options = countries
    .split(' ')
    .map((code) => new Option(names.of(code) ?? code, code, false, code === chosen))
  select.replaceChildren(...options.sort((a, b) => a.text.localeCompare(b.text)))
}

/** The text fields of a form, without those that are empty. @param {HTMLFormElement} form @returns {Record<string, string>} */
export function valuesOf(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()])
  return Object.fromEntries(entries.filter(([, value]) => value !== ''))
}

/** @param {HTMLFormElement} form @param {Record<string, unknown> | null} values */
export function prefill(form, values) {
  for (const [name, value] of Object.entries(values ?? {})) {
    const field = form.elements.namedItem(name)
    if (
      typeof value === 'string' &&
      (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
    )
      field.value = value
  }
}

/** Marks what was refused, and leads to the first of it. @param {HTMLFormElement} form @param {{ pointer: string, detail: string }[]} errors @returns {string} */
export function markErrors(form, errors) {
  const said = []
  for (const { pointer, detail } of errors) {
    const field = form.elements.namedItem(pointer.slice(1))
    if (!(field instanceof HTMLElement)) continue
    field.setAttribute('aria-invalid', 'true')
    if (said.length === 0) field.focus()
    said.push(`${field.closest('label')?.firstChild?.textContent?.trim() ?? pointer}: ${detail}.`)
  }
  return said.join(' ')
}

/** @param {HTMLFormElement} form */
export function clearErrors(form) {
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
}
