import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../../../lib/client/index.ts'
import { tenantQuery } from '../api/tenants.ts'
import { words } from '../app/words/words.ts'
import { Banner } from './notice.tsx'
import { usePortal } from './portal.ts'
import { isRefused, Pending } from './states.tsx'

export type Tenant = Schemas['Tenant']
export type Permission = Tenant['permissions'][number]

interface Props {
  title: string
  lead?: string
  /** What somebody has to be allowed to see anything here, and what the others are told. */
  needs?: Permission
  notSeen?: string
  /** What somebody has to be allowed to change something here, and what those are told who may only look. */
  managedBy?: Permission
  notManaged?: string
  /** `mayManage` is what the server says of the role, the state of the tenant and its trial together. */
  children: (here: { slug: string; tenant: Tenant; mayManage: boolean }) => ReactNode
}

/** A screen of a tenant: its title, why somebody cannot change it, and then its content. */
export function Screen({
  title,
  lead,
  needs = 'read',
  notSeen,
  managedBy = 'manage',
  notManaged,
  children,
}: Props) {
  const { slug } = useParams({ strict: false })
  if (!slug) throw new Error('A screen stands below /t/$slug.')
  const query = useQuery(tenantQuery(slug))
  if (!query.data || isRefused(query)) return <Pending queries={[query]} />
  const tenant = query.data
  const mayManage = tenant.permissions.includes(managedBy)
  return (
    <>
      <title>{`${title} – ${tenant.name}`}</title>
      <h1>{title}</h1>
      {lead && <p>{lead}</p>}
      {whyNot(tenant) ?? (notManaged && !mayManage && <Banner>{notManaged}</Banner>)}
      {tenant.permissions.includes(needs)
        ? children({ slug, tenant, mayManage })
        : notSeen && <Banner>{notSeen}</Banner>}
    </>
  )
}

interface PortalProps extends Omit<Props, 'children'> {
  children: (here: { slug: string; mayManage: boolean }) => ReactNode
}

/** A screen that is shown in frames of other pages too. There the token says what may be done, and nothing else is known. */
export function PortalScreen({ children, ...props }: PortalProps) {
  const portal = usePortal()
  if (!portal) return <Screen {...props}>{children}</Screen>
  const { tenant, can_write } = portal
  return (
    <>
      <title>{`${props.title} – ${tenant.name}`}</title>
      <h1>{props.title}</h1>
      {props.lead && <p>{props.lead}</p>}
      {whyNot(tenant)}
      {children({ slug: tenant.slug, mayManage: can_write })}
    </>
  )
}

/** What state of the tenant keeps everybody from changing it. */
function whyNot({ status, trial_ends_at }: Pick<Tenant, 'status' | 'trial_ends_at'>) {
  if (status === 'frozen') return <Banner>{words.frozen}</Banner>
  const isOver = status === 'trial' && trial_ends_at && new Date(trial_ends_at) < new Date()
  return isOver ? <Banner>{words.trialOver}</Banner> : null
}
