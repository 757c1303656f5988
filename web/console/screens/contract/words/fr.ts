import type en from './en.ts'

const fr: typeof en = {
  title: 'Contrat',
  lead: 'Ce dont nous convenons. Le cabinet ouvre quand il est accepté.',
  making: 'Le contrat est en préparation …',
  read: 'Lire le contrat (PDF)',
  agree: 'J’ai lu le contrat et je l’accepte.',
  accept: 'Accepter le contrat',
  accepted: (day) => `Il a été accepté le ${day}.`,
}

export default fr
