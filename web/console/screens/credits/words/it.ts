import type en from './en.ts'

const it: typeof en = {
  creditsLead: 'Il lavoro della piattaforma, come i rapporti, si paga con crediti.',
  free: (n) => `${n} crediti liberi`,
  reserved: 'Trattenuti per lavoro in corso',
  bought: 'Comprati e non usati',
  monthly: 'Di questo mese e non usati',
  consumed: 'Usati questo mese',
  nextReset: 'I crediti del mese tornano il',
  buy: 'Compra crediti',
  buyLead:
    'Paghi una volta, presso il fornitore. I crediti ci sono quando arriva il pagamento, e durano fino alla fine del mese.',
  mayNotBuy: 'Uno studio congelato, o la cui prova è finita, non può comprare crediti.',
  notBilled: 'A questo studio non si addebita nulla.',
  credits: (n) => `${n} crediti`,
  statements: 'Per mese',
  month: 'Mese',
  ledger: 'Ogni cambiamento',
  noEntries: 'Non è ancora successo nulla.',
  lasts: (day) => `durano fino al ${day}`,
  freeAfter: (n) => `${n} liberi dopo`,
  holds: (n) => `${n} trattenuti`,
  columns: {
    opening: 'All’inizio',
    allocated: 'Del piano',
    topped_up: 'Comprati',
    consumed: 'Usati',
    refunded: 'Restituiti',
    adjusted: 'Corretti',
    expired: 'Scaduti',
    closing: 'Alla fine',
  },
  types: {
    allocated: 'Del piano',
    topup: 'Comprati',
    reserved: 'Trattenuti',
    consumed: 'Usati',
    released: 'Rilasciati',
    refunded: 'Restituiti',
    adjusted: 'Corretti a mano',
    expired: 'Scaduti',
  },
}

export default it
