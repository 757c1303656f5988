// @ts-check
const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'])

/** Says in which language the document is. @param {string} locale @returns {string} the language alone, as `de` */
export function speak(locale) {
  const spoken = locale.toLowerCase().split('-')[0] ?? ''
  document.documentElement.lang = locale
  document.documentElement.dir = RIGHT_TO_LEFT.has(spoken) ? 'rtl' : 'ltr'
  return spoken
}
