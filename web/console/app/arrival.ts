/**
 * What somebody arrives with behind the # of the address, taken out of it at once: neither a reload nor the history should
 * show it again.
 */
const values = new URLSearchParams(location.hash.slice(1))
const token = location.hash.slice(1)
const invitationKey = 'tenantry-invitation'

/** A session that another page of Tenantry hands over: of Auth's mails (/confirm/), of an invitation, of a registration. */
export interface HandedSession {
  access_token: string
  refresh_token: string
  email: string
}

export const handedSession = readHandedSession()

if (location.pathname === '/join' && /^tinv_[\w-]{20,100}$/.test(token))
  sessionStorage.setItem(invitationKey, token)
if (handedSession || location.pathname === '/join') history.replaceState(null, '', location.pathname)

/** The token of an invitation. It outlives a sign-in at a company, which leaves this page. */
export const invitation = {
  read: () => sessionStorage.getItem(invitationKey),
  forget: () => sessionStorage.removeItem(invitationKey),
}

function readHandedSession(): HandedSession | null {
  const [access_token, refresh_token] = [values.get('access_token'), values.get('refresh_token')]
  if (!access_token || !refresh_token) return null
  const email = emailIn(access_token)
  return email ? { access_token, refresh_token, email } : null
}

/** For the question alone. Auth verifies the token before it counts. */
function emailIn(jwt: string): string | null {
  try {
    const payload = atob((jwt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))
    const { email } = JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (c) => c.charCodeAt(0))))
    return typeof email === 'string' ? email : null
  } catch {
    return null
  }
}
