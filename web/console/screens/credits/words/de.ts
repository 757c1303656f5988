import type en from './en.ts'

const de: typeof en = {
  creditsLead: 'Arbeit der Plattform, zum Beispiel Berichte, wird mit Guthaben bezahlt.',
  free: (n) => `${n} Credits frei`,
  reserved: 'Für laufende Arbeit zurückgelegt',
  bought: 'Gekauft und nicht verwendet',
  monthly: 'Von diesem Monat und nicht verwendet',
  consumed: 'In diesem Monat verwendet',
  nextReset: 'Die Credits des Monats kommen wieder am',
  buy: 'Credits kaufen',
  buyLead:
    'Sie zahlen einmal, beim Anbieter. Die Credits sind da, sobald die Zahlung eingetroffen ist, und gelten bis zum Ende des Monats.',
  mayNotBuy: 'Eine eingefrorene Praxis, oder eine, deren Testzeit vorbei ist, kann keine Credits kaufen.',
  notBilled: 'Dieser Praxis wird nichts berechnet.',
  credits: (n) => `${n} Credits`,
  statements: 'Nach Monat',
  month: 'Monat',
  ledger: 'Jede Änderung',
  noEntries: 'Noch ist nichts geschehen.',
  lasts: (day) => `gelten bis ${day}`,
  freeAfter: (n) => `danach ${n} frei`,
  holds: (n) => `${n} zurückgelegt`,
  columns: {
    opening: 'Anfangs',
    allocated: 'Vom Tarif',
    topped_up: 'Gekauft',
    consumed: 'Verwendet',
    refunded: 'Zurückgegeben',
    adjusted: 'Berichtigt',
    expired: 'Verfallen',
    closing: 'Am Ende',
  },
  types: {
    allocated: 'Vom Tarif',
    topup: 'Gekauft',
    reserved: 'Zurückgelegt',
    consumed: 'Verwendet',
    released: 'Freigegeben',
    refunded: 'Zurückgegeben',
    adjusted: 'Von Hand berichtigt',
    expired: 'Verfallen',
  },
}

export default de
