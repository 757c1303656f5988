import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  addDomain,
  addressQuery,
  checkDomain,
  type Domain,
  domainsQuery,
  makePrimary,
  removeDomain,
} from '../../api/domains.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, Moment } from '../../parts/when.tsx'
import { DnsRecord } from './record.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  mayManage: boolean
}

/** The domains of a tenant's own: added, proved by DNS, chosen, removed. */
export function Domains({ slug, mayManage }: Props) {
  const domains = useQuery(domainsQuery(slug))
  const queries = useQueryClient()
  const [leaving, setLeaving] = useState<Domain | null>(null)
  const refresh = () =>
    Promise.all(
      [domainsQuery(slug), addressQuery(slug)].map(({ queryKey }) => queries.invalidateQueries({ queryKey })),
    )
  const checking = useMutation({
    mutationFn: (domain: Domain) => checkDomain(slug, domain.ref_id),
    onSettled: refresh,
  })
  const choosing = useMutation({
    mutationFn: (domain: Domain) => makePrimary(slug, domain.ref_id),
    onSettled: refresh,
  })
  const removing = useMutation({
    mutationFn: (domain: Domain) => removeDomain(slug, domain.ref_id),
    onSettled: async () => {
      setLeaving(null)
      await refresh()
    },
  })

  if (!domains.data || isRefused(domains)) return <Pending queries={[domains]} />
  const failure = choosing.error ?? removing.error
  return (
    <section aria-label={words.domains}>
      <h2>{words.domains}</h2>
      <p>{words.domainsLead}</p>
      {mayManage && <NewDomain slug={slug} onAdded={refresh} />}
      {failure && <Failure error={failure} />}
      <List>
        {domains.data.map((domain) => (
          <Row
            key={domain.ref_id}
            label={domain.host}
            main={
              <>
                <strong>{domain.host}</strong>
                <span>
                  {domain.switched_off_at ? words.overPlan : words.domainStatus[domain.status]}
                  {domain.is_primary && ` · ${words.primary}`}
                </span>
                {domain.missing_since && <span>{words.missingSince(dayOf(domain.missing_since))}</span>}
                {domain.last_check && (
                  <Quiet>
                    <Moment at={domain.last_check.at} />: <span lang="en">{domain.last_check.detail}</span>
                  </Quiet>
                )}
                {domain.last_route && (
                  <Quiet>
                    <span lang="en">{domain.last_route.detail}</span>
                  </Quiet>
                )}
                {checking.variables?.ref_id === domain.ref_id && checking.error && (
                  <Failure error={checking.error} />
                )}
                <details open={domain.status !== 'verified'}>
                  <summary>{words.records}</summary>
                  <DnsRecord label={words.recordProof} {...domain.record} />
                  {domain.address_record ? (
                    <>
                      <DnsRecord label={words.recordAddress} {...domain.address_record} />
                      <p>{words.apex}</p>
                    </>
                  ) : (
                    <p>{words.noTarget}</p>
                  )}
                </details>
              </>
            }
          >
            {mayManage && (
              <Buttons>
                <Button look="quiet" disabled={checking.isPending} onClick={() => checking.mutate(domain)}>
                  {checking.isPending && checking.variables.ref_id === domain.ref_id
                    ? words.working
                    : words.checkNow}
                </Button>
                {domain.status === 'verified' && !domain.is_primary && (
                  <Button look="quiet" disabled={choosing.isPending} onClick={() => choosing.mutate(domain)}>
                    {words.makePrimary}
                  </Button>
                )}
                <Button look="quiet" onClick={() => setLeaving(domain)}>
                  {words.removeDomain}
                </Button>
              </Buttons>
            )}
          </Row>
        ))}
      </List>
      <Confirm
        title={words.removeDomainTitle(leaving?.host ?? '')}
        lead={words.removeDomainLead}
        act={words.removeDomain}
        isOpen={leaving !== null}
        isPending={removing.isPending}
        onAct={() => leaving && removing.mutate(leaving)}
        onClose={() => setLeaving(null)}
      />
    </section>
  )
}

function NewDomain({ slug, onAdded }: { slug: string; onAdded: () => void }) {
  const [host, setHost] = useState('')
  const adding = useMutation({
    mutationFn: () => addDomain(slug, host.trim()),
    onSuccess: () => {
      setHost('')
      onAdded()
    },
  })
  const errors = errorsOf(adding.error, ['/host'])
  return (
    <CardForm title={words.newDomain} isPending={adding.isPending} onSubmit={adding.mutate}>
      <Field
        name="/host"
        label={words.host}
        hint={words.hostHint}
        required
        maxLength={1024}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        inputMode="url"
        value={host}
        onValue={setHost}
        error={errors.at('/host')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={adding.isPending}>
        {adding.isPending ? words.working : words.addDomain}
      </Button>
    </CardForm>
  )
}
