/** What stands behind the # of the address, taken out of it at once: no history and no copied address should hold a token. */
export const fragment = new URLSearchParams(location.hash.slice(1))
history.replaceState(null, '', location.pathname)
