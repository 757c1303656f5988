export default {
  order: 'Order',
  orderNow: 'Order and go on to pay',
  isCurrent: 'Your plan',
  payAt: 'Pay at',
  payNow: (provider: string) => `Pay at ${provider}`,
  ordered: 'It is ordered. Pay on the page of the provider. This screen shows when the payment has arrived.',
  noPayPage: (id: string) =>
    `It is ordered. This provider has no page of its own to pay on: your application opens it with the order ${id}.`,
  noProvider: 'Payments are not set up here. Ask the operator of this platform.',
  close: 'Close',
  orders: 'Orders',
  orderStatus: {
    created: 'Waits for payment',
    failed: 'Payment failed',
    paid: 'Paid',
    refund_due: 'To be paid back',
    refunded: 'Paid back',
  },
}
