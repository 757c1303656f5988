import type en from './en.ts'

const it: typeof en = {
  keysLead:
    'Con una chiave, un programma agisce per questo studio. Può fare ciò che dicono i suoi permessi, e nient’altro.',
  keysNotSeen: 'Solo gli admin e i titolari vedono le chiavi API.',
  noKeys: 'Non c’è ancora nessuna chiave.',
  newKey: 'Nuova chiave',
  keyName: 'Nome',
  keyNameHint: 'Perché si sappia dove è usata.',
  scopes: 'Che cosa può fare',
  makeKey: 'Crea la chiave',
  lastUsed: (day) => `usata l’ultima volta il ${day}`,
  neverUsed: 'mai usata',
  expires: (day) => `finisce il ${day}`,
  rotate: 'Sostituisci',
  revoked: 'Revocata',
  revokeTitle: (name) => `Revocare ${name}?`,
  revokeLead: 'I programmi che la usano sono rifiutati da ora in poi. Non si può annullare.',
  secretTitle: 'La tua nuova chiave',
  secretLead:
    'Copiala ora. Viene mostrata solo questa volta. Una chiave che sostituisce vale ancora un giorno.',
}

export default it
