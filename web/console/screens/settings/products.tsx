import { useQuery } from '@tanstack/react-query'
import { tenantProductsQuery } from '../../api/projects.ts'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** What the platform has granted. It alone changes that. */
export function Products({ slug }: { slug: string }) {
  const products = useQuery(tenantProductsQuery(slug))
  if (!products.data || isRefused(products)) return <Pending queries={[products]} />
  return (
    <section aria-label={words.products}>
      <h2>{words.products}</h2>
      <p>{products.data.length === 0 ? words.noProducts : words.productsLead}</p>
      <List>
        {products.data.map(({ product, name, enabled, expires_at }) => (
          <Row
            key={product}
            label={name}
            main={
              <>
                <strong>{name}</strong>
                {expires_at && <Quiet>{words.productEnds(dayOf(expires_at))}</Quiet>}
              </>
            }
          >
            {!enabled && <span>{words.productOff}</span>}
          </Row>
        ))}
      </List>
    </section>
  )
}
