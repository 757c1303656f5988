import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type IdentityProvider, type JoinRule as Rule, setJoinRule } from '../../api/identity-providers.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

type Role = Rule['role']
const roles = (['member', 'reviewer', 'admin'] as const).map(
  (role) => [role, words.role[role] ?? role] as const,
)
const noGroup = { value: '', role: 'member' as Role }

/** Whom the provider makes a member, and in which role. */
export function JoinRule(props: { slug: string; provider: IdentityProvider; onSaved: () => void }) {
  const { slug, provider, onSaved } = props
  const stored = provider.join_rule
  const [rule, setRule] = useState(stored.rule)
  const [role, setRole] = useState(stored.role)
  const [claim, setClaim] = useState(stored.claim ?? 'groups')
  const [groups, setGroups] = useState(stored.groups.length > 0 ? stored.groups : [noGroup])
  const saving = useMutation({
    mutationFn: () =>
      setJoinRule(slug, provider.type, {
        ...{ rule, role },
        ...(rule === 'group' ? { claim: claim.trim(), groups } : { claim: null, groups: [] }),
      }),
    onSuccess: onSaved,
  })
  const errors = errorsOf(saving.error, ['/claim'])
  const change = (at: number, to: Partial<Rule['groups'][number]>) =>
    setGroups(groups.map((group, n) => (n === at ? { ...group, ...to } : group)))
  return (
    <CardForm
      title={words.joinRule(words.kinds[provider.type])}
      isPending={saving.isPending}
      onSubmit={saving.mutate}
    >
      <p>{words.joinLead}</p>
      <Select
        label={words.joinWho}
        options={[
          ['off', words.joinOff],
          ['verified_domain', words.joinDomain],
          ['group', words.joinGroup],
        ]}
        value={rule}
        onValue={setRule}
      />
      {rule === 'verified_domain' && (
        <Select label={words.joinRole} options={roles} value={role} onValue={setRole} />
      )}
      {rule === 'group' && (
        <>
          <Field
            name="/claim"
            label={words.joinClaim}
            hint={words.joinClaimHint}
            required
            maxLength={200}
            value={claim}
            onValue={setClaim}
            error={errors.at('/claim')}
          />
          {groups.map((group, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a group has no other name than its place.
            <fieldset key={n}>
              <legend>{words.joinGroupNumber(n + 1)}</legend>
              <Field
                name={`/groups/${n}/value`}
                label={words.joinGroupName}
                required
                maxLength={500}
                value={group.value}
                onValue={(value) => change(n, { value })}
              />
              <Select
                label={words.joinRole}
                options={roles}
                value={group.role}
                onValue={(next) => change(n, { role: next })}
              />
              {groups.length > 1 && (
                <Button look="quiet" onClick={() => setGroups(groups.filter((_, at) => at !== n))}>
                  {words.joinRemoveGroup}
                </Button>
              )}
            </fieldset>
          ))}
          {groups.length < 50 && (
            <Button look="quiet" onClick={() => setGroups([...groups, noGroup])}>
              {words.joinAddGroup}
            </Button>
          )}
        </>
      )}
      {stored.rule !== 'off' && <p>{words.joinEnds}</p>}
      {errors.rest && <Failure error={errors.rest} />}
      {saving.isSuccess && <p role="status">{words.joinSaved}</p>}
      <Button type="submit" disabled={saving.isPending}>
        {saving.isPending ? words.working : words.joinSave}
      </Button>
    </CardForm>
  )
}
