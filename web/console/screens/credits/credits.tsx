import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import {
  type CreditEntry,
  creditLedgerQuery,
  creditStatementsQuery,
  creditsQuery,
} from '../../api/credits.ts'
import { type Order, offersQuery } from '../../api/payments.ts'
import { Card } from '../../parts/card.tsx'
import { Facts } from '../../parts/facts.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { moneyOf } from '../../parts/money.ts'
import { Screen, type Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, Moment, numberOf } from '../../parts/when.tsx'
import { Buy } from '../payments/buy.tsx'
import { Orders } from '../payments/orders.tsx'
import styles from './credits.module.css'
import { words } from './words/words.ts'

/** What work is paid with: how much there is, where it came from and where it went. */
export function Credits() {
  return (
    <Screen title={words.rooms.credits} lead={words.creditsLead}>
      {({ slug, tenant }) => (
        <div key={slug}>
          <Balance slug={slug} />
          {tenant.permissions.includes('read_admin') && <Bundles slug={slug} tenant={tenant} />}
          <Statements slug={slug} />
          <Ledger slug={slug} />
        </div>
      )}
    </Screen>
  )
}

function Balance({ slug }: { slug: string }) {
  const credits = useQuery(creditsQuery(slug))
  if (!credits.data || isRefused(credits)) return <Pending queries={[credits]} />
  const { credits_free, credits_reserved, credits_topup, credits_monthly, credits_consumed, next_reset_at } =
    credits.data
  return (
    <Card title={words.free(numberOf(credits_free))}>
      <Facts
        of={[
          [words.reserved, numberOf(credits_reserved)],
          [words.bought, numberOf(credits_topup)],
          [words.monthly, numberOf(credits_monthly)],
          [words.consumed, numberOf(credits_consumed)],
          [words.nextReset, next_reset_at && dayOf(next_reset_at)],
        ]}
      />
    </Card>
  )
}

function Bundles({ slug, tenant }: { slug: string; tenant: Tenant }) {
  const offers = useQuery(offersQuery)
  if (!offers.data || isRefused(offers)) return <Pending queries={[offers]} />
  // Bought credits would expire before a tenant that may not work could use them.
  const mayBuy = tenant.kind === 'customer' && tenant.permissions.includes('write')
  return (
    <Card title={words.buy}>
      {mayBuy ? (
        <Buy
          slug={slug}
          label={words.buy}
          providers={offers.data.providers}
          lead={words.buyLead}
          offers={offers.data.bundles.map(({ bundle, credits, price_minor, currency }) => ({
            wanted: { bundle },
            name: words.credits(numberOf(credits)),
            price: moneyOf(price_minor, currency),
          }))}
        />
      ) : (
        <p>{tenant.kind === 'customer' ? words.mayNotBuy : words.notBilled}</p>
      )}
      <Orders slug={slug} kind="topup" nameOf={(order) => words.credits(numberOf(creditsOf(order)))} />
    </Card>
  )
}

const creditsOf = ({ bought }: Order) => Number(bought.credits ?? 0)

function Statements({ slug }: { slug: string }) {
  const statements = useQuery(creditStatementsQuery(slug))
  if (!statements.data || isRefused(statements)) return <Pending queries={[statements]} />
  if (statements.data.length === 0) return null
  const month = new Intl.DateTimeFormat(words.language, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return (
    <section aria-label={words.statements}>
      <h2>{words.statements}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <div className={styles.table} tabIndex={0}>
        <table aria-label={words.statements}>
          <thead>
            <tr>
              <th scope="col">{words.month}</th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {words.columns[column]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {statements.data.map((statement) => (
              <tr key={statement.period_start}>
                <th scope="row">{month.format(new Date(statement.period_start))}</th>
                {columns.map((column) => (
                  <td key={column}>{numberOf(statement[column])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const columns = [
  'opening',
  'allocated',
  'topped_up',
  'consumed',
  'refunded',
  'adjusted',
  'expired',
  'closing',
] as const

function Ledger({ slug }: { slug: string }) {
  const ledger = useInfiniteQuery(creditLedgerQuery(slug))
  if (!ledger.data || isRefused(ledger)) return <Pending queries={[ledger]} />
  const entries = ledger.data.pages.flatMap((page) => page.entries)
  return (
    <section aria-label={words.ledger}>
      <h2>{words.ledger}</h2>
      {entries.length === 0 && <p>{words.noEntries}</p>}
      <List>
        {entries.map((entry) => (
          <Row
            key={entry.version}
            label={words.types[entry.type]}
            main={
              <>
                <strong>{words.types[entry.type]}</strong>
                {entry.note && <span>{entry.note}</span>}
                <Quiet>
                  <Moment at={entry.created_at} />
                  {entry.deliverable_type && ` · ${entry.deliverable_type}`}
                  {isGrant(entry) && entry.expires_at && ` · ${words.lasts(dayOf(entry.expires_at))}`}
                </Quiet>
              </>
            }
          >
            <span>{changeOf(entry)}</span>
            <span>{words.freeAfter(numberOf(entry.available_after - entry.reserved_after))}</span>
          </Row>
        ))}
      </List>
      <More pages={ledger} />
    </section>
  )
}

const isGrant = ({ credits }: CreditEntry) => credits > 0
const signed = new Intl.NumberFormat(words.language, { signDisplay: 'exceptZero' })
/** What was reserved is not gone yet: it is held. */
const changeOf = ({ credits, credits_held }: CreditEntry) =>
  credits === 0 && credits_held !== 0 ? words.holds(signed.format(credits_held)) : signed.format(credits)
