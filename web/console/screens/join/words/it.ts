import type en from './en.ts'

const it: typeof en = {
  title: 'Invito',
  offer: (tenant, role) => `È invitato a ${tenant}, come: ${role}.`,
  until: (day) => `L’invito è aperto fino al ${day}.`,
  sentTo: (hint) => `È stato inviato a ${hint}.`,
  signedInAs: (email) => `Ha effettuato l’accesso come ${email}.`,
  accept: 'Accetta l’invito',
  other: 'Usa un altro account',
  lost: 'Questo link è incompleto o è già stato usato. Apra di nuovo il link dell’e-mail, o chieda un nuovo invito.',
}

export default it
