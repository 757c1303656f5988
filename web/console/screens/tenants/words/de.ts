import type en from './en.ts'

const de: typeof en = {
  operate: 'Die Plattform betreiben',
  noTenants: 'Sie gehören noch zu keiner Praxis. Bitten Sie um eine Einladung.',
  newTenant: 'Neue Praxis',
  newTenantLead: 'Das Ausprobieren ist kostenlos. Die Praxis gehört dann Ihnen.',
  tenantName: 'Name',
  slug: 'Kurzname',
  slugHint: 'Damit beginnt die Adresse Ihrer Seite: Kleinbuchstaben, Ziffern und Bindestriche.',
  makeTenant: 'Praxis anlegen',
}

export default de
