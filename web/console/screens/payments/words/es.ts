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
}

export default es
