import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { foundTenantsQuery, type TenantSearch } from '../../api/operator.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { OperatorScreen } from './frame.tsx'
import styles from './operator.module.css'
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
          <SearchForm
            key={JSON.stringify(search)}
            search={search}
            isPending={found.isFetching}
            onSearch={(next) => void navigate({ search: tenantSearchIn({ ...next }) })}
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

interface FormProps {
  search: TenantSearch
  isPending: boolean
  onSearch: (search: TenantSearch) => void
}

function SearchForm({ search, isPending, onSearch }: FormProps) {
  const [typed, setTyped] = useState(search)
  const change = (part: Partial<TenantSearch>) => setTyped((before) => ({ ...before, ...part }))
  return (
    <CardForm isPending={false} onSubmit={() => onSearch(typed)}>
      <Field
        name="/q"
        label={words.what}
        hint={words.findHint}
        maxLength={200}
        value={typed.q}
        onValue={(q) => change({ q })}
      />
      <div className={styles.fields}>
        <Select
          label={words.statusOf}
          options={[['', words.any], ...statuses.map((each) => [each, words.status[each] ?? each] as const)]}
          value={typed.status}
          onValue={(status) => change({ status })}
        />
        <Select
          label={words.planOf}
          options={[['', words.any], ...plans.map((each) => [each, each] as const)]}
          value={typed.plan}
          onValue={(plan) => change({ plan })}
        />
      </div>
      <Button type="submit">{isPending ? words.working : words.find}</Button>
    </CardForm>
  )
}
