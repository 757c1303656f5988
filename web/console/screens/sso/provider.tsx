import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  atProviderQuery,
  checkIdentityProvider,
  type IdentityProvider,
  identityProvidersQuery,
  type Kind,
  removeIdentityProvider,
} from '../../api/identity-providers.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Copy } from '../../parts/secret.tsx'
import { dayOf, Moment, momentOf } from '../../parts/when.tsx'
import { JoinRule } from './join-rule.tsx'
import { Oidc, Saml } from './settings.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  type: Kind
  provider: IdentityProvider | undefined
  mayManage: boolean
  maySet: boolean
}

/** A provider of one kind: what it needs to know, its settings, and what asking it found. */
export function Provider({ slug, type, provider, mayManage, maySet }: Props) {
  const queries = useQueryClient()
  const [isEdited, setEdited] = useState(false)
  const [isLeaving, setLeaving] = useState(false)
  const refresh = () => queries.invalidateQueries({ queryKey: identityProvidersQuery(slug).queryKey })
  const checking = useMutation({ mutationFn: () => checkIdentityProvider(slug, type), onSettled: refresh })
  const removing = useMutation({
    mutationFn: () => removeIdentityProvider(slug, type),
    onSettled: async () => {
      setLeaving(false)
      await refresh()
    },
  })
  const Settings = type === 'oidc' ? Oidc : Saml
  const isForm = maySet && (isEdited || !provider)
  const failure = checking.error ?? removing.error
  return (
    <Card title={words.kinds[type]}>
      {(maySet || provider) && <AtProvider slug={slug} type={type} />}
      {!provider && !maySet && <p>{words.notSet}</p>}
      {provider && <State provider={provider} />}
      {failure && <Failure error={failure} />}
      {provider && mayManage && (
        <Buttons>
          <Button disabled={checking.isPending} onClick={() => checking.mutate()}>
            {checking.isPending ? words.working : words.checkNow}
          </Button>
          {maySet && !isEdited && (
            <Button look="quiet" onClick={() => setEdited(true)}>
              {words.edit}
            </Button>
          )}
          <Button look="quiet" onClick={() => setLeaving(true)}>
            {words.removeProvider}
          </Button>
        </Buttons>
      )}
      {isForm && (
        <Settings
          slug={slug}
          provider={provider}
          onSaved={() => {
            setEdited(false)
            checking.reset()
            void refresh()
          }}
        />
      )}
      {provider && maySet && !isEdited && (
        <JoinRule slug={slug} provider={provider} onSaved={() => void refresh()} />
      )}
      <Confirm
        title={words.removeTitle(words.kinds[type])}
        lead={words.removeLead}
        act={words.removeProvider}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={() => removing.mutate()}
        onClose={() => setLeaving(false)}
      />
    </Card>
  )
}

function AtProvider({ slug, type }: { slug: string; type: Kind }) {
  const { data, error } = useQuery(atProviderQuery(slug, type))
  if (error) return <Failure error={error} />
  if (!data) return null
  const values = (['redirect_uri', 'acs_url', 'entity_id', 'metadata_url'] as const).flatMap((name) => {
    const value = data[name]
    return value === null ? [] : [[words.atProviderNames[name], value] as const]
  })
  return (
    <fieldset>
      <legend>{words.atProvider}</legend>
      <Facts of={values.map(([name, value]) => [name, <code key={name}>{value}</code>] as const)} />
      <Buttons>
        {values.map(([name, value]) => (
          <Copy key={name} text={value} label={words.copyOf(name)} />
        ))}
      </Buttons>
    </fieldset>
  )
}

function State({ provider }: { provider: IdentityProvider }) {
  const { verified, last_checked_at, last_check_error, keys_expire_at, warnings, sso_provider_id } = provider
  const { metadata, email_domains, has_client_secret, discovered } = provider
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const certificates = Array.isArray(discovered.certificates) ? discovered.certificates : []
  return (
    <>
      <p>
        <strong>{verified ? words.verified : last_check_error ? words.failed : words.notChecked}</strong>
        {last_checked_at && (
          <>
            {' · '}
            <Moment at={last_checked_at} />
          </>
        )}
      </p>
      {/* The server speaks English. */}
      {last_check_error && <p lang="en">{last_check_error}</p>}
      {warnings.map((warning) => (
        <p key={warning} lang="en">
          {warning}
        </p>
      ))}
      <Facts
        of={[
          [words.issuer, text(metadata.issuer)],
          [words.clientId, text(metadata.client_id)],
          [words.clientSecret, has_client_secret ? words.kept : null],
          [words.metadataUrl, text(metadata.metadata_url)],
          [words.entityId, text(metadata.entity_id) ?? text(discovered.entity_id)],
          ...certificates.map(
            (each: { not_after?: unknown }, n) =>
              [
                words.certificate(n + 1),
                text(each.not_after) && words.ends(dayOf(String(each.not_after))),
              ] as const,
          ),
          ...signatureFacts(provider),
          [words.lastCertificate, keys_expire_at && momentOf(keys_expire_at)],
          [words.emailDomains, email_domains.join(', ') || words.noDomains],
        ]}
      />
      {verified && <p>{sso_provider_id ? words.bound : words.notBound}</p>}
    </>
  )
}

/** What a signature shows hangs on whether the manager pinned who must sign. */
function signatureFacts({ type, verified, discovered }: IdentityProvider) {
  if (type !== 'saml' || !verified) return []
  const { signature } = discovered
  if (typeof signature !== 'object' || signature === null)
    return [[words.signature, words.signatureNone] as const]
  const isPinned = 'is_pinned' in signature && signature.is_pinned === true
  const fingerprint = 'fingerprint' in signature ? String(signature.fingerprint) : null
  return [
    [words.signature, isPinned ? words.signaturePinned : words.signatureNotPinned] as const,
    [words.signatureBy, <code key="signer">{fingerprint}</code>] as const,
  ]
}
