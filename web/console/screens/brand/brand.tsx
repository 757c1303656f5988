import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { brandQuery } from '../../api/brand.ts'
import { tenantQuery } from '../../api/tenants.ts'
import { useWords } from '../../app/words/words.ts'
import { Banner } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Editor } from './editor.tsx'

const route = getRouteApi('/t/$slug/brand')

/** The brand of a tenant: to be changed by those who may, and looked at by everybody else. */
export function BrandScreen() {
  const words = useWords()
  const { slug } = route.useParams()
  const tenant = useQuery(tenantQuery(slug))
  const brand = useQuery(brandQuery(slug))
  if (!tenant.data || !brand.data || isRefused(tenant, brand)) return <Pending queries={[tenant, brand]} />
  const { name, permissions, status } = tenant.data
  const isFrozen = status === 'frozen'
  const mayManage = permissions.includes('manage')
  return (
    <>
      <title>{`${words.brand} – ${name}`}</title>
      <h1>{words.brand}</h1>
      <p>{words.brandLead}</p>
      {isFrozen ? <Banner>{words.frozen}</Banner> : !mayManage && <Banner>{words.readOnly}</Banner>}
      {/* The key: nothing of one tenant's draft is left when another is opened. */}
      <Editor key={slug} slug={slug} read={brand.data} mayManage={mayManage} />
    </>
  )
}
