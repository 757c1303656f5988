import type en from './en.ts'

const it: typeof en = {
  order: 'Ordina',
  orderNow: 'Ordina e vai a pagare',
  isCurrent: 'Il tuo piano',
  payAt: 'Paga con',
  payNow: (provider) => `Paga con ${provider}`,
  ordered:
    'È ordinato. Paga sulla pagina del fornitore. Questa schermata mostra quando il pagamento è arrivato.',
  noPayPage: (id) =>
    `È ordinato. Questo fornitore non ha una pagina per pagare: la tua applicazione la apre con l’ordine ${id}.`,
  noProvider: 'Qui i pagamenti non sono configurati. Chiedi al gestore di questa piattaforma.',
  close: 'Chiudi',
  orders: 'Ordini',
  orderStatus: {
    created: 'Attende il pagamento',
    failed: 'Pagamento fallito',
    paid: 'Pagato',
    refund_due: 'Da rimborsare',
    refunded: 'Rimborsato',
  },
  happened: 'Che cosa è successo',
  nothingHappened: 'Non è ancora successo nulla.',
  eventTypes: {
    'payment.paid': 'Pagato',
    'payment.failed': 'Pagamento fallito',
    'payment.refund_due': 'Da rimborsare',
    'payment.refunded': 'Rimborsato',
    'subscription.activated': 'L’abbonamento è iniziato',
    'subscription.charged': 'È stato pagato un altro mese',
    'subscription.failed': 'L’abbonamento non ha potuto essere addebitato',
    'subscription.cancelled': 'L’abbonamento è stato disdetto',
  },
}

export default it
