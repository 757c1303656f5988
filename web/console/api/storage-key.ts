/** Where this browser keeps the session. */
export const storageKey = 'tenantry-session'
