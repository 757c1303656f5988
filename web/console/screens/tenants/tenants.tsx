import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { tenantsQuery } from '../../api/tenants.ts'
import { Button } from '../../parts/button.tsx'
import { List, Row } from '../../parts/list.tsx'
import { isRefused, Loading, Pending } from '../../parts/states.tsx'
import { words } from './words/words.ts'

// Most who come here have a tenant.
const NewTenant = lazy(() => import('./new-tenant.tsx'))
const WhyNone = lazy(() => import('./why-none.tsx'))

/** Where somebody goes who belongs to several tenants, or to none yet. */
export function Tenants() {
  const tenants = useQuery(tenantsQuery)
  const [isMaking, setMaking] = useState(false)
  const { data } = tenants
  if (!data || isRefused(tenants)) return <Pending queries={[tenants]} />
  return (
    <>
      <title>{`${words.yourTenants} – Tenantry`}</title>
      <h1>{words.yourTenants}</h1>
      {data.tenants.length === 0 && (
        <>
          <p>{words.noTenants}</p>
          <Suspense fallback={null}>
            <WhyNone />
          </Suspense>
        </>
      )}
      <List>
        {data.tenants.map(({ ref_id, slug, name, role, status, kind }) => (
          <Row
            key={ref_id}
            label={name}
            main={
              <Link to="/t/$slug" params={{ slug }}>
                <strong>{name}</strong>
              </Link>
            }
          >
            {kind === 'platform' && <Link to="/operator">{words.operate}</Link>}
            <span>{role && (words.role[role] ?? role)}</span>
            <span>{words.status[status] ?? status}</span>
          </Row>
        ))}
      </List>
      {isMaking ? (
        <Suspense fallback={<Loading />}>
          <NewTenant />
        </Suspense>
      ) : (
        <p>
          <Button look="quiet" onClick={() => setMaking(true)}>
            {words.newTenant}
          </Button>
        </p>
      )}
    </>
  )
}
