import type en from './en.ts'

const it: typeof en = {
  operate: 'Gestisci la piattaforma',
  noTenants: 'Non appartieni ancora a nessuno studio. Chiedi un invito.',
  newTenant: 'Nuovo studio',
  newTenantLead: 'La prova è gratuita. Lo studio sarà Suo.',
  tenantName: 'Nome',
  slug: 'Nome breve',
  slugHint: 'L’indirizzo della Sua pagina comincia così: lettere minuscole, cifre e trattini.',
  makeTenant: 'Crea lo studio',
}

export default it
