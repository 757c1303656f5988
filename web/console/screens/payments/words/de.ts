import type en from './en.ts'

const de: typeof en = {
  order: 'Bestellen',
  orderNow: 'Bestellen und weiter zur Zahlung',
  isCurrent: 'Ihr Tarif',
  payAt: 'Zahlen bei',
  payNow: (provider) => `Bei ${provider} zahlen`,
  ordered:
    'Es ist bestellt. Zahlen Sie auf der Seite des Anbieters. Dieser Bildschirm zeigt, wenn die Zahlung da ist.',
  noPayPage: (id) =>
    `Es ist bestellt. Dieser Anbieter hat keine eigene Seite zum Zahlen: Ihre Anwendung öffnet sie mit der Bestellung ${id}.`,
  noProvider: 'Zahlungen sind hier nicht eingerichtet. Fragen Sie den Betreiber dieser Plattform.',
  close: 'Schliessen',
  orders: 'Bestellungen',
  orderStatus: {
    created: 'Wartet auf Zahlung',
    failed: 'Zahlung gescheitert',
    paid: 'Bezahlt',
    refund_due: 'Wird zurückgezahlt',
    refunded: 'Zurückgezahlt',
  },
  happened: 'Was geschah',
  nothingHappened: 'Noch ist nichts geschehen.',
  eventTypes: {
    'payment.paid': 'Bezahlt',
    'payment.failed': 'Zahlung gescheitert',
    'payment.refund_due': 'Wird zurückgezahlt',
    'payment.refunded': 'Zurückgezahlt',
    'subscription.activated': 'Das Abonnement begann',
    'subscription.charged': 'Ein weiterer Monat wurde bezahlt',
    'subscription.failed': 'Das Abonnement konnte nicht belastet werden',
    'subscription.cancelled': 'Das Abonnement wurde gekündigt',
  },
}

export default de
