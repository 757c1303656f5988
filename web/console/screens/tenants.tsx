import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { tenantsQuery } from '../api/tenants.ts'
import { useWords } from '../app/words/words.ts'
import { isRefused, Pending } from '../parts/states.tsx'
import styles from './tenants.module.css'

/** Where somebody goes who belongs to several tenants. */
export function Tenants() {
  const words = useWords()
  const tenants = useQuery(tenantsQuery)
  const { data } = tenants
  if (!data || isRefused(tenants)) return <Pending queries={[tenants]} />
  return (
    <>
      <title>{`${words.yourTenants} – Tenantry`}</title>
      <h1>{words.yourTenants}</h1>
      {data.tenants.length === 0 && <p>{words.noTenants}</p>}
      <ul className={styles.list}>
        {data.tenants.map(({ ref_id, slug, name, role, status }) => (
          <li key={ref_id}>
            <Link to="/t/$slug" params={{ slug }}>
              {name}
            </Link>
            <span>{role && (words.role[role] ?? role)}</span>
            <span>{words.status[status] ?? status}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
