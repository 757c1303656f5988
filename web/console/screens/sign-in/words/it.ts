import type en from './en.ts'

const it: typeof en = {
  signIn: 'Accedi',
  signInLead: 'Accedi al tuo studio.',
  password: 'Password',
  sendCode: 'Inviami invece un codice',
  code: 'Codice',
  codeLead: (email) => `Abbiamo inviato un codice a ${email}. Vale per un’ora.`,
  usePassword: 'Usa invece una password',
  otherEmail: 'Usa un altro indirizzo e-mail',
  ssoLead: 'Accedi tramite la tua azienda.',
  ssoButton: 'Vai all’accesso della tua azienda',
  ssoNotHere: 'Questa installazione non ha l’accesso tramite aziende. Chiedi a chi la gestisce.',
  wrongPassword: 'L’indirizzo e-mail o la password non è corretta.',
  wrongCode: 'Il codice non è corretto o è scaduto. Chiedine uno nuovo.',
  notConfirmed: 'Questo indirizzo non è ancora confermato. Apri il link nell’e-mail che ti abbiamo inviato.',
  tooMany: 'Ci sono stati troppi tentativi. Aspetta un minuto e riprova.',
  forgot: 'Ho dimenticato la password',
  makeAccount: 'Creare un account',
  haveAccount: 'Ho già un account',
  newAccountLead: 'Con l’indirizzo a cui riceve la posta.',
  invitedLead: 'Ha un invito. Acceda con l’indirizzo che lo ha ricevuto, o crei un account con esso.',
  confirmLead: (email) =>
    `Abbiamo inviato un codice a ${email}. Se esiste già un account, non arriva nessuna e-mail: acceda.`,
  newPassword: 'Scelga una nuova password',
  newPasswordLead: 'Sostituisce quella precedente.',
  passwordRule: 'Almeno 10 caratteri.',
  savePassword: 'Salva la password',
  weakPassword: 'Questa password è troppo facile da indovinare. Ne scelga un’altra di almeno 10 caratteri.',
  samePassword: 'È la password precedente. Ne scelga un’altra.',
  handedTitle: 'Accedere qui?',
  handedLead: (email) => `Arriva da una pagina in cui ha effettuato l’accesso come ${email}.`,
  handedContinue: (email) => `Continua come ${email}`,
  handedNo: 'No, non come questa persona',
}

export default it
