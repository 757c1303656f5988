import type en from './en.ts'

const it: typeof en = {
  appCode: 'Codice',
  tooManyTries: 'Ci sono stati troppi tentativi. Aspetta un minuto e riprova.',
  account: 'Il tuo account',
  secondFactor: 'Secondo fattore',
  secondFactorLead:
    'Un’app sul tuo telefono mostra un codice che cambia. Chi gestisce la piattaforma accede anche con quello, oltre alla password.',
  noFactors: 'Non hai ancora configurato nessuna app.',
  factorKind: 'App di autenticazione',
  newFactor: 'Configura un’app',
  newFactorWhat: 'Va bene qualsiasi app che mostra codici. Una seconda serve se il telefono va perso.',
  factorNeeded: 'Questo richiede un secondo fattore, e non ne hai ancora uno.',
  factorName: 'Nome',
  factorNameHint: 'Per sapere di quale app si tratta.',
  begin: 'Configura',
  newFactorLead: 'Scansiona l’immagine con l’app, o digita la chiave. Poi inserisci il codice che mostra.',
  picture: 'La chiave come codice QR',
  secret: 'Chiave:',
  factorTitle: 'Il tuo secondo fattore',
  factorLead: 'Inserisci il codice che la tua app mostra ora.',
  whichApp: 'Quale app',
  factorCodeWrong:
    'Il codice è sbagliato, o nel frattempo è cambiato. Inserisci quello che l’app mostra ora.',
  factorFirst: 'Accedi prima con il tuo secondo fattore.',
  factorsOff: 'Questa installazione non ha un secondo fattore. Chiedi a chi la gestisce.',
  removeFactor: 'Rimuovi',
  removeFactorTitle: (name) => `Rimuovere ${name}?`,
  removeFactorLead: 'I suoi codici non valgono più.',
}

export default it
