import type en from './en.ts'

const de: typeof en = {
  operate: 'Die Plattform betreiben',
  noTenants: 'Sie gehören noch zu keiner Praxis. Bitten Sie um eine Einladung.',
  noMember: {
    provider_not_bound: 'Die Anmeldung Ihrer Firma ist mit keiner Praxis mehr verbunden.',
    rule_off:
      'Die Anmeldung Ihrer Firma macht niemanden von selbst zum Mitglied. Bitten Sie um eine Einladung.',
    domain_not_verified:
      'Ihre Adresse gehört zu keiner Domain, die Ihre Firma hier bestätigt hat. Fragen Sie, wer die Praxis verwaltet.',
    no_group:
      'Sie sind in keiner Gruppe, die die Praxis nutzen darf. Fragen Sie, wer die Gruppen in Ihrer Firma verwaltet.',
    membership_deactivated: 'Jemand, der die Praxis verwaltet, hat Ihre Mitgliedschaft abgeschaltet.',
    limit_reached: 'Die Praxis hat keinen Platz für ein weiteres Mitglied. Fragen Sie, wer sie verwaltet.',
    provider_not_verified:
      'Die Anmeldung Ihrer Firma muss neu geprüft werden. Fragen Sie, wer die Praxis verwaltet.',
    certificate_expired:
      'Das Zertifikat der Anmeldung Ihrer Firma ist abgelaufen. Fragen Sie, wer die Praxis verwaltet.',
    feature_not_in_plan: 'Der Plan der Praxis hat keine Firmenanmeldung mehr. Fragen Sie, wer sie verwaltet.',
    tenant_frozen: 'Die Praxis ist eingefroren, und niemand kann beitreten. Fragen Sie, wer sie verwaltet.',
    trial_ended:
      'Die Testzeit der Praxis ist vorbei, und niemand kann beitreten. Fragen Sie, wer sie verwaltet.',
  },
  newTenant: 'Neue Praxis',
  newTenantLead: 'Das Ausprobieren ist kostenlos. Die Praxis gehört dann Ihnen.',
  tenantName: 'Name',
  slug: 'Kurzname',
  slugHint: 'Damit beginnt die Adresse Ihrer Seite: Kleinbuchstaben, Ziffern und Bindestriche.',
  makeTenant: 'Praxis anlegen',
}

export default de
