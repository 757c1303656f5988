import { useQuery } from '@tanstack/react-query'
import { identityProvidersQuery, type Kind } from '../../api/identity-providers.ts'
import { entitlementsQuery } from '../../api/projects.ts'
import { Banner } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Provider } from './provider.tsx'
import { words } from './words/words.ts'

const kinds: Kind[] = ['oidc', 'saml']

/** How the people of a company sign in: at its own provider, by OIDC or SAML. */
export function Sso() {
  return (
    <Screen title={words.rooms.sso} lead={words.ssoRoomLead} needs="read_admin" notSeen={words.ssoNotSeen}>
      {({ slug, mayManage }) => <Providers key={slug} slug={slug} mayManage={mayManage} />}
    </Screen>
  )
}

function Providers({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const providers = useQuery(identityProvidersQuery(slug))
  const entitlements = useQuery(entitlementsQuery(slug))
  if (!providers.data || !entitlements.data || isRefused(providers, entitlements))
    return <Pending queries={[providers, entitlements]} />
  const feature = entitlements.data.features.find((each) => each.feature === 'sso')
  const isLacking = feature?.reason === 'feature_not_in_plan'
  return (
    <>
      {isLacking && <Banner>{words.notInPlan(feature.plan_that_has_it ?? '')}</Banner>}
      {kinds.map((type) => (
        <Provider
          key={type}
          slug={slug}
          type={type}
          provider={providers.data.find((each) => each.type === type)}
          mayManage={mayManage}
          maySet={mayManage && !isLacking}
        />
      ))}
    </>
  )
}
