import type en from './en.ts'

const it: typeof en = {
  seenByManagers: 'Admin e proprietari vedono il numero di un bot.',
  none: 'Questo bot non ha un numero WhatsApp. Senza, non risponde a nessuno.',

  state: 'Stato del numero',
  verified: 'Meta conosce il numero, e il bot può rispondere.',
  notVerified: 'Il numero non è ancora verificato. Fino ad allora il bot non risponde a nessuno.',
  paused: (at, why) => `Il bot non manda niente dal ${at}: ${why}`,
  tokenInvalid: 'Meta non accetta più il token di accesso. Ne inserisca uno nuovo e verifichi il numero.',
  phone: 'Numero',
  name: 'Nome su WhatsApp',
  verifiedAt: 'Verificato',
  tokenEnds: 'Il token di accesso finisce',
  checkedAt: 'Chiesto a Meta',
  verify: 'Verifica',
  asking: 'Si chiede a Meta …',
  remove: 'Togli il numero',
  removeTitle: 'Togliere il numero?',
  removeLead:
    'I suoi segreti vengono dimenticati, e il bot non risponde a nessuno. Le conversazioni restano.',
  problems: {
    token_invalid:
      'Meta non accetta il token di accesso. Ne crei uno nuovo per un utente di sistema della sua azienda, e lo inserisca.',
    token_expired:
      'Il token di accesso è scaduto. Ne crei uno nuovo per un utente di sistema, se può uno che non scade, e lo inserisca.',
    scope_missing:
      'Al token di accesso manca un permesso. Ne crei uno con whatsapp_business_messaging e whatsapp_business_management, per un utente di sistema a cui l’account è assegnato.',
    app_secret_wrong:
      'La chiave segreta non è quella dell’app per cui è stato creato il token di accesso. La copi da Impostazioni dell’app, Di base.',
    number_not_found:
      'Il token di accesso non apre nessun numero con questo id. Copi l’id del numero, che non è il numero stesso, e assegni l’account all’utente di sistema.',
    account_not_found:
      'Il token di accesso non apre nessun account WhatsApp Business con questo id. Copi l’id dalla pagina API Setup, e assegni l’account all’utente di sistema.',
    wrong_account: 'Il numero non è di questo account WhatsApp Business. Copi entrambi gli id da una pagina.',
    number_taken: 'Questo numero è già collegato a un altro bot. Lo tolga prima da lì.',
    callback_refused:
      'Meta non ha raggiunto l’URL di callback, o non ha accettato la sua risposta. Verifichi ancora; se resta così, lo dica alla piattaforma.',
    refused:
      'Meta ha rifiutato di rispondere. Guardi lo stato della sua azienda e dell’account su business.facebook.com.',
    unreachable: 'Meta non ha risposto. Niente è cambiato. Riprovi più tardi.',
  },

  atMeta: 'Che cosa sa Meta',
  atMetaLead:
    'La verifica dice entrambe le cose a Meta da sola. A mano si inseriscono nella sua app, in WhatsApp, Configurazione.',
  callback: 'URL di callback',
  copyCallback: 'Copia l’URL di callback',
  verifyToken: 'Token di verifica',
  tokenLead: 'Meta lo manda quando chiede se l’URL di callback è sua.',
  tokenMade: 'Token di verifica creato',
  tokenBefore: 'Quello prima',
  countsUntil: (at) => `vale fino al ${at}`,
  reveal: 'Mostra il token di verifica',
  rotate: 'Crea un nuovo token di verifica',
  rotateTitle: 'Creare un nuovo token di verifica?',
  rotateLead:
    'Quello prima vale ancora una settimana. Fino ad allora verifichi il numero, o inserisca il nuovo presso Meta.',

  connect: 'Collega un numero',
  change: 'Cambia il numero',
  field: {
    whatsapp_phone_number_id: 'Id del numero di telefono',
    whatsapp_business_account_id: 'Id dell’account WhatsApp Business',
    access_token: 'Token di accesso',
    app_secret: 'Chiave segreta dell’app',
  },
  idHint: {
    whatsapp_phone_number_id: 'Cifre, dalla pagina API Setup della sua app. Non è il numero stesso.',
    whatsapp_business_account_id:
      'Cifre, dalla stessa pagina. Con un altro id, il numero viene verificato di nuovo.',
  },
  saved: 'Salvato.',
  secretOnce: 'Viene conservato, e non è più mostrato a nessuno.',
  secretStays: 'Uno è conservato. Lasci vuoto per tenerlo.',
}

export default it
