import type en from './en.ts'

const es: typeof en = {
  creditsLead: 'El trabajo de la plataforma, como los informes, se paga con créditos.',
  free: (n) => `${n} créditos libres`,
  reserved: 'Reservados para trabajo en curso',
  bought: 'Comprados y sin usar',
  monthly: 'De este mes y sin usar',
  consumed: 'Usados este mes',
  nextReset: 'Los créditos del mes vuelven el',
  buy: 'Comprar créditos',
  buyLead:
    'Pagas una vez, en el proveedor. Los créditos están cuando llega el pago, y duran hasta el final del mes.',
  mayNotBuy: 'Una consulta congelada, o cuya prueba ha terminado, no puede comprar créditos.',
  notBilled: 'A esta consulta no se le cobra.',
  credits: (n) => `${n} créditos`,
  statements: 'Por mes',
  month: 'Mes',
  ledger: 'Cada cambio',
  noEntries: 'Todavía no ha pasado nada.',
  lasts: (day) => `duran hasta el ${day}`,
  freeAfter: (n) => `${n} libres después`,
  holds: (n) => `${n} reservados`,
  columns: {
    opening: 'Al principio',
    allocated: 'Del plan',
    topped_up: 'Comprados',
    consumed: 'Usados',
    refunded: 'Devueltos',
    adjusted: 'Corregidos',
    expired: 'Caducados',
    closing: 'Al final',
  },
  types: {
    allocated: 'Del plan',
    topup: 'Comprados',
    reserved: 'Reservados',
    consumed: 'Usados',
    released: 'Liberados',
    refunded: 'Devueltos',
    adjusted: 'Corregidos a mano',
    expired: 'Caducados',
  },
}

export default es
