/** The files of those screens that are shown in frames of other sites too. */
export const sharedFiles = {
  '/t/$slug/webhooks': () => import('../screens/webhooks/endpoints.tsx'),
  '/t/$slug/webhooks/deliveries': () => import('../screens/webhooks/deliveries.tsx'),
  '/t/$slug/webhooks/deliveries/$message/$endpoint': () => import('../screens/webhooks/delivery.tsx'),
  '/t/$slug/webhooks/events': () => import('../screens/webhooks/events.tsx'),
  '/t/$slug/webhooks/$endpoint': () => import('../screens/webhooks/endpoint.tsx'),
  '/t/$slug/audit': () => import('../screens/audit/log.tsx'),
  '/t/$slug/audit/$seq': () => import('../screens/audit/entry.tsx'),
}
