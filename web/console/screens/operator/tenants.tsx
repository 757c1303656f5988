import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { foundTenantsQuery, type TenantSearch } from '../../api/operator.ts'
import { Select } from '../../parts/choice.tsx'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { OperatorScreen } from './frame.tsx'
import { tenantSearchIn, tenantSearchOf } from './search.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/operator')
const statuses = ['trial', 'active', 'frozen', 'archived', 'demo'] as const
const plans = ['trial', 'starter', 'professional', 'business', 'enterprise'] as const

/** All tenants of the platform, by what the register says of them. */
export function OperatorTenants() {
  const search = tenantSearchOf(route.useSearch())
  const navigate = route.useNavigate()
  const found = useInfiniteQuery(foundTenantsQuery(search))
  return (
    <OperatorScreen title={words.opTenants} query={found}>
      {() => (
        <>
          <Narrowed
            search={search}
            onSearch={(change) => void navigate({ search: tenantSearchIn({ ...search, ...change }) })}
          />
          {found.data?.pages[0]?.tenants.length === 0 && <p>{words.noneFound}</p>}
          <List label={words.opTenants}>
            {found.data?.pages
              .flatMap(({ tenants }) => tenants)
              .map(({ ref_id, slug, name, status, plan, domain }) => (
                <Row
                  key={ref_id}
                  label={name}
                  main={
                    <>
                      <Link to="/operator/tenants/$tenant" params={{ tenant: slug }}>
                        <strong>{name}</strong>
                      </Link>
                      <Quiet>
                        {slug}
                        {domain && ` · ${domain}`}
                      </Quiet>
                    </>
                  }
                >
                  <span>{plan}</span>
                  <span>{words.status[status] ?? status}</span>
                </Row>
              ))}
          </List>
          <More pages={found} />
        </>
      )}
    </OperatorScreen>
  )
}

interface NarrowedProps {
  search: TenantSearch
  onSearch: (change: Partial<TenantSearch>) => void
}

function Narrowed({ search, onSearch }: NarrowedProps) {
  return (
    <>
      <p>{words.findHint}</p>
      <Filters>
        <TextFilter label={words.what} value={search.q} onValue={(q = '') => onSearch({ q })} />
        <Select
          label={words.statusOf}
          options={[['', words.any], ...statuses.map((each) => [each, words.status[each] ?? each] as const)]}
          value={search.status}
          onValue={(status) => onSearch({ status })}
        />
        <Select
          label={words.planOf}
          options={[['', words.any], ...plans.map((each) => [each, each] as const)]}
          value={search.plan}
          onValue={(plan) => onSearch({ plan })}
        />
      </Filters>
    </>
  )
}
