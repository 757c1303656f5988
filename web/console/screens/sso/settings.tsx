import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type IdentityProvider,
  type OidcSettings,
  type SamlSettings,
  setIdentityProvider,
} from '../../api/identity-providers.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  provider: IdentityProvider | undefined
  onSaved: () => void
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const plain = { autoCapitalize: 'none', autoComplete: 'off', spellCheck: false } as const

export function Oidc({ slug, provider, onSaved }: Props) {
  const { issuer: storedIssuer, client_id, scopes: storedScopes } = provider?.metadata ?? {}
  const [issuer, setIssuer] = useState(textOf(storedIssuer))
  const [client, setClient] = useState(textOf(client_id))
  // It stands here until it is sent, and nowhere after that.
  const [secret, setSecret] = useState('')
  const [scopes, setScopes] = useState(Array.isArray(storedScopes) ? storedScopes.join(' ') : '')
  const settings: OidcSettings = {
    issuer: issuer.trim(),
    client_id: client.trim(),
    ...(secret !== '' && { client_secret: secret }),
    ...(scopes.trim() !== '' && { scopes: scopes.trim().split(/\s+/) }),
  }
  const saving = useMutation({
    mutationFn: () => setIdentityProvider(slug, 'oidc', settings),
    onSuccess: onSaved,
  })
  const errors = errorsOf(saving.error, ['/issuer', '/client_id', '/client_secret', '/scopes'])
  return (
    <CardForm
      title={words.settingsOf(words.kinds.oidc)}
      isPending={saving.isPending}
      onSubmit={saving.mutate}
    >
      <Field
        {...plain}
        name="/issuer"
        label={words.issuer}
        hint={words.issuerHint}
        required
        inputMode="url"
        maxLength={2048}
        value={issuer}
        onValue={setIssuer}
        error={errors.at('/issuer')}
      />
      <Field
        {...plain}
        name="/client_id"
        label={words.clientId}
        required
        maxLength={500}
        value={client}
        onValue={setClient}
        error={errors.at('/client_id')}
      />
      <Field
        {...plain}
        name="/client_secret"
        type="password"
        autoComplete="new-password"
        label={words.clientSecret}
        hint={provider?.has_client_secret ? words.secretKept : words.secretHint}
        maxLength={1024}
        value={secret}
        onValue={setSecret}
        error={errors.at('/client_secret')}
      />
      <Field
        {...plain}
        name="/scopes"
        label={words.scopes}
        hint={words.scopesHint}
        maxLength={2000}
        value={scopes}
        onValue={setScopes}
        error={errors.at('/scopes')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Save isPending={saving.isPending} />
    </CardForm>
  )
}

export function Saml({ slug, provider, onSaved }: Props) {
  const { metadata_url, metadata_xml, entity_id, metadata_signing_certificate } = provider?.metadata ?? {}
  const [by, setBy] = useState<'url' | 'xml'>(metadata_xml === undefined ? 'url' : 'xml')
  const [url, setUrl] = useState(textOf(metadata_url))
  const [xml, setXml] = useState(textOf(metadata_xml))
  const [entity, setEntity] = useState(textOf(entity_id))
  const [signer, setSigner] = useState(textOf(metadata_signing_certificate))
  const settings: SamlSettings = {
    ...(by === 'url' ? { metadata_url: url.trim() } : { metadata_xml: xml }),
    ...(entity.trim() !== '' && { entity_id: entity.trim() }),
    ...(signer.trim() !== '' && { metadata_signing_certificate: signer.trim() }),
  }
  const saving = useMutation({
    mutationFn: () => setIdentityProvider(slug, 'saml', settings),
    onSuccess: onSaved,
  })
  const errors = errorsOf(saving.error, [
    ...['/metadata_url', '/metadata_xml', '/entity_id', '/metadata_signing_certificate'],
  ])
  return (
    <CardForm
      title={words.settingsOf(words.kinds.saml)}
      isPending={saving.isPending}
      onSubmit={saving.mutate}
    >
      <Select
        label={words.metadataBy}
        options={[
          ['url', words.byUrl],
          ['xml', words.byXml],
        ]}
        value={by}
        onValue={setBy}
      />
      {by === 'url' ? (
        <Field
          {...plain}
          name="/metadata_url"
          label={words.metadataUrl}
          required
          inputMode="url"
          maxLength={2048}
          value={url}
          onValue={setUrl}
          error={errors.at('/metadata_url')}
        />
      ) : (
        <Field
          {...plain}
          name="/metadata_xml"
          label={words.metadataXml}
          required
          lines={6}
          maxLength={150_000}
          value={xml}
          onValue={setXml}
          error={errors.at('/metadata_xml')}
        />
      )}
      <Field
        {...plain}
        name="/entity_id"
        label={words.entityId}
        hint={words.entityHint}
        maxLength={1024}
        value={entity}
        onValue={setEntity}
        error={errors.at('/entity_id')}
      />
      <Field
        {...plain}
        name="/metadata_signing_certificate"
        label={words.signer}
        hint={words.signerHint}
        lines={3}
        maxLength={10_000}
        value={signer}
        onValue={setSigner}
        error={errors.at('/metadata_signing_certificate')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Save isPending={saving.isPending} />
    </CardForm>
  )
}

function Save({ isPending }: { isPending: boolean }) {
  return (
    <Button type="submit" disabled={isPending}>
      {isPending ? words.working : words.save}
    </Button>
  )
}
