import type en from './en.ts'

const fr: typeof en = {
  creditsLead: 'Le travail de la plateforme, comme les rapports, se paie avec des crédits.',
  free: (n) => `${n} crédits libres`,
  reserved: 'Retenus pour du travail en cours',
  bought: 'Achetés et non utilisés',
  monthly: 'De ce mois et non utilisés',
  consumed: 'Utilisés ce mois',
  nextReset: 'Les crédits du mois reviennent le',
  buy: 'Acheter des crédits',
  buyLead:
    'Vous payez une fois, chez le prestataire. Les crédits sont là dès que le paiement est arrivé, et durent jusqu’à la fin du mois.',
  mayNotBuy: 'Un cabinet gelé, ou dont l’essai est fini, ne peut pas acheter de crédits.',
  notBilled: 'Rien n’est facturé à ce cabinet.',
  credits: (n) => `${n} crédits`,
  statements: 'Par mois',
  month: 'Mois',
  ledger: 'Chaque changement',
  noEntries: 'Il ne s’est encore rien passé.',
  lasts: (day) => `durent jusqu’au ${day}`,
  freeAfter: (n) => `${n} libres ensuite`,
  holds: (n) => `${n} retenus`,
  columns: {
    opening: 'Au début',
    allocated: 'De l’offre',
    topped_up: 'Achetés',
    consumed: 'Utilisés',
    refunded: 'Rendus',
    adjusted: 'Corrigés',
    expired: 'Expirés',
    closing: 'À la fin',
  },
  types: {
    allocated: 'De l’offre',
    topup: 'Achetés',
    reserved: 'Retenus',
    consumed: 'Utilisés',
    released: 'Libérés',
    refunded: 'Rendus',
    adjusted: 'Corrigés à la main',
    expired: 'Expirés',
  },
}

export default fr
