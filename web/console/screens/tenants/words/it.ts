import type en from './en.ts'

const it: typeof en = {
  operate: 'Gestisci la piattaforma',
  noTenants: 'Non appartieni ancora a nessuno studio. Chiedi un invito.',
  noMember: {
    provider_not_bound: 'L’accesso della sua azienda non è più collegato a nessuno studio.',
    rule_off: 'L’accesso della sua azienda non rende nessuno membro da solo. Chieda un invito.',
    domain_not_verified:
      'Il suo indirizzo non appartiene a nessun dominio che la sua azienda ha verificato qui. Chieda a chi gestisce lo studio.',
    no_group:
      'Non è in nessuno dei gruppi che possono usare lo studio. Chieda a chi li gestisce nella sua azienda.',
    membership_deactivated: 'Qualcuno che gestisce lo studio ha disattivato il suo accesso.',
    limit_reached: 'Lo studio non ha posto per un altro membro. Chieda a chi lo gestisce.',
    provider_not_verified:
      'L’accesso della sua azienda va controllato di nuovo. Chieda a chi gestisce lo studio.',
    certificate_expired:
      'Il certificato dell’accesso della sua azienda è scaduto. Chieda a chi gestisce lo studio.',
    feature_not_in_plan: 'Il piano dello studio non ha più l’accesso aziendale. Chieda a chi lo gestisce.',
    tenant_frozen: 'Lo studio è congelato e nessuno può entrare. Chieda a chi lo gestisce.',
    trial_ended: 'La prova dello studio è finita e nessuno può entrare. Chieda a chi lo gestisce.',
  },
  newTenant: 'Nuovo studio',
  newTenantLead: 'La prova è gratuita. Lo studio sarà Suo.',
  tenantName: 'Nome',
  slug: 'Nome breve',
  slugHint: 'L’indirizzo della Sua pagina comincia così: lettere minuscole, cifre e trattini.',
  makeTenant: 'Crea lo studio',
}

export default it
