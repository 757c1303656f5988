import { useQuery } from '@tanstack/react-query'
import { addressQuery } from '../../api/domains.ts'
import { Card } from '../../parts/card.tsx'
import { Banner } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import { Copy } from '../../parts/secret.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Domains } from './domains.tsx'
import { Slug } from './slug.tsx'
import { words } from './words/words.ts'

/** Where a tenant's page is: by its slug, and on domains of its own. */
export function AddressScreen() {
  return (
    <Screen title={words.rooms.address} notManaged={words.addressNotManaged}>
      {({ slug, mayManage }) => (
        <div key={slug}>
          <Page slug={slug} />
          {mayManage && <Slug slug={slug} />}
          <Domains slug={slug} mayManage={mayManage} />
        </div>
      )}
    </Screen>
  )
}

function Page({ slug }: { slug: string }) {
  const address = useQuery(addressQuery(slug))
  if (!address.data || isRefused(address)) return <Pending queries={[address]} />
  const { page_urls, is_shown } = address.data
  const [first, ...others] = page_urls
  return (
    <Card title={words.page}>
      {!is_shown && <Banner>{words.pageOff}</Banner>}
      {first === undefined && <p>{words.noPage}</p>}
      {first && (
        <>
          <p>
            <a href={first} target="_blank" rel="noreferrer">
              {first}
            </a>
          </p>
          <div>
            <Copy text={first} label={words.copyAddress} />
          </div>
        </>
      )}
      {others.length > 0 && (
        <p>
          {words.alsoAt}{' '}
          {others.map((url) => (
            <a key={url} href={url} target="_blank" rel="noreferrer">
              {url}
            </a>
          ))}
        </p>
      )}
    </Card>
  )
}
