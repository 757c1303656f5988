import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { makeOrder, type Order, ordersQuery, type Provider } from '../../api/payments.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

export interface Offer {
  /** What the order names. */
  wanted: { plan: string } | { bundle: string }
  name: string
  price: string
  isCurrent?: boolean
}

const providerNames: Record<Provider, string> = { razorpay: 'Razorpay', stripe: 'Stripe' }

interface Props {
  slug: string
  label: string
  offers: readonly Offer[]
  providers: readonly Provider[]
  /** What the dialog says of it. */
  lead: string
}

/** Things with a price. Ordering one leads to the provider, where it is paid. */
export function Buy({ slug, label, offers, providers, lead }: Props) {
  // A new key for each decision, which stays over its tries: an answer that was lost orders nothing twice.
  const [wish, setWish] = useState<{ offer: Offer; key: string } | null>(null)
  if (providers.length === 0) return <p>{words.noProvider}</p>
  return (
    <>
      <List label={label}>
        {offers.map((offer) => (
          <Row
            key={offer.name}
            label={offer.name}
            main={
              <>
                <strong>{offer.name}</strong>
                <Quiet>{offer.price}</Quiet>
              </>
            }
          >
            {offer.isCurrent ? (
              <span>{words.isCurrent}</span>
            ) : (
              <Button look="quiet" onClick={() => setWish({ offer, key: crypto.randomUUID() })}>
                {words.order}
              </Button>
            )}
          </Row>
        ))}
      </List>
      {wish && (
        <OrderDialog
          key={wish.key}
          slug={slug}
          wish={wish}
          providers={providers}
          lead={lead}
          onClose={() => setWish(null)}
        />
      )}
    </>
  )
}

interface DialogProps {
  slug: string
  wish: { offer: Offer; key: string }
  providers: readonly Provider[]
  lead: string
  onClose: () => void
}

function OrderDialog({ slug, wish: { offer, key }, providers, lead, onClose }: DialogProps) {
  const queries = useQueryClient()
  // Stripe has a page for everything, so it comes first.
  const [provider, setProvider] = useState<Provider>(
    providers.includes('stripe') ? 'stripe' : (providers[0] ?? 'stripe'),
  )
  const ordering = useMutation({
    // One key is one order, and another provider's is another one.
    mutationFn: () => makeOrder(slug, { ...offer.wanted, provider }, `${key}-${provider}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ordersQuery(slug).queryKey }),
  })
  const order = ordering.data
  return (
    <Dialog title={`${offer.name} – ${offer.price}`} lead={lead} isOpen onClose={onClose}>
      {providers.length > 1 && !order && (
        <Select
          label={words.payAt}
          options={providers.map((each) => [each, providerNames[each]] as const)}
          value={provider}
          onValue={setProvider}
        />
      )}
      {ordering.error && <Failure error={ordering.error} />}
      {order && (
        <p role="status">{order.pay_url ? words.ordered : words.noPayPage(order.provider_order_id ?? '')}</p>
      )}
      <Buttons>
        {order ? (
          <Pay order={order} />
        ) : (
          <Button disabled={ordering.isPending} onClick={() => ordering.mutate()}>
            {ordering.isPending ? words.working : words.orderNow}
          </Button>
        )}
        <Button look="quiet" onClick={onClose}>
          {order ? words.close : words.cancel}
        </Button>
      </Buttons>
    </Dialog>
  )
}

/** The way to the provider's page, in a window of its own, so that this one sees what becomes of it. */
export function Pay({ order }: { order: Order }) {
  if (!order.pay_url) return null
  return (
    <a href={order.pay_url} target="_blank" rel="noreferrer">
      {words.payNow(providerNames[order.provider])}
    </a>
  )
}
