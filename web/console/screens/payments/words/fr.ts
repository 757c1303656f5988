import type en from './en.ts'

const fr: typeof en = {
  order: 'Commander',
  orderNow: 'Commander et aller payer',
  isCurrent: 'Votre offre',
  payAt: 'Payer chez',
  payNow: (provider) => `Payer chez ${provider}`,
  ordered: 'C’est commandé. Payez sur la page du prestataire. Cet écran montre quand le paiement est arrivé.',
  noPayPage: (id) =>
    `C’est commandé. Ce prestataire n’a pas de page de paiement : votre application l’ouvre avec la commande ${id}.`,
  noProvider: 'Les paiements ne sont pas configurés ici. Demandez à l’exploitant de cette plateforme.',
  close: 'Fermer',
  orders: 'Commandes',
  orderStatus: {
    created: 'Attend le paiement',
    failed: 'Paiement échoué',
    paid: 'Payé',
    refund_due: 'À rembourser',
    refunded: 'Remboursé',
  },
  happened: 'Ce qui s’est passé',
  nothingHappened: 'Il ne s’est encore rien passé.',
  eventTypes: {
    'payment.paid': 'Payé',
    'payment.failed': 'Paiement échoué',
    'payment.refund_due': 'À rembourser',
    'payment.refunded': 'Remboursé',
    'subscription.activated': 'L’abonnement a commencé',
    'subscription.charged': 'Un mois de plus a été payé',
    'subscription.failed': 'L’abonnement n’a pas pu être débité',
    'subscription.cancelled': 'L’abonnement a été résilié',
  },
}

export default fr
