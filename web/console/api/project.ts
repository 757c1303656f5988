const meta = (name: string) =>
  document.querySelector(`meta[name="${name}"]`)?.getAttribute('content')?.trim() ?? ''

/** The Supabase project that this console belongs to: the one on this site, unless index.html names another. */
export const project = {
  url: (meta('tenantry-api') || location.origin).replace(/\/+$/, ''),
  publishableKey: meta('tenantry-key'),
}
