import type en from './en.ts'

const fr: typeof en = {
  title: 'Invitation',
  offer: (tenant, role) => `Vous êtes invité à ${tenant}, en tant que : ${role}.`,
  until: (day) => `L’invitation est ouverte jusqu’au ${day}.`,
  sentTo: (hint) => `Elle a été envoyée à ${hint}.`,
  signedInAs: (email) => `Vous êtes connecté en tant que ${email}.`,
  accept: 'Accepter l’invitation',
  other: 'Utiliser un autre compte',
  lost: 'Ce lien est incomplet ou a déjà servi. Ouvrez de nouveau le lien du mail, ou demandez une nouvelle invitation.',
}

export default fr
