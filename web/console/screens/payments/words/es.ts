import type en from './en.ts'

const es: typeof en = {
  order: 'Pedir',
  orderNow: 'Pedir y pasar a pagar',
  isCurrent: 'Tu plan',
  payAt: 'Pagar en',
  payNow: (provider) => `Pagar en ${provider}`,
  ordered: 'Está pedido. Paga en la página del proveedor. Esta pantalla muestra cuándo ha llegado el pago.',
  noPayPage: (id) =>
    `Está pedido. Este proveedor no tiene una página propia para pagar: tu aplicación la abre con el pedido ${id}.`,
  noProvider: 'Aquí no hay pagos configurados. Pregunta a quien opera esta plataforma.',
  close: 'Cerrar',
  orders: 'Pedidos',
  orderStatus: {
    created: 'Espera el pago',
    failed: 'El pago falló',
    paid: 'Pagado',
    refund_due: 'Por devolver',
    refunded: 'Devuelto',
  },
  happened: 'Lo que pasó',
  nothingHappened: 'Todavía no ha pasado nada.',
  eventTypes: {
    'payment.paid': 'Pagado',
    'payment.failed': 'El pago falló',
    'payment.refund_due': 'Por devolver',
    'payment.refunded': 'Devuelto',
    'subscription.activated': 'La suscripción empezó',
    'subscription.charged': 'Se pagó otro mes',
    'subscription.failed': 'No se pudo cobrar la suscripción',
    'subscription.cancelled': 'La suscripción se canceló',
  },
}

export default es
