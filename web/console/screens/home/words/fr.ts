import type en from './en.ts'

const fr: typeof en = {
  trialEnds: (day) => `l’essai se termine le ${day}`,
  toDo: 'Ce qu’il faut faire',
  nothingToDo: 'Il n’y a rien à faire.',
  goThere: 'Y aller',
  severity: { error: 'Urgent', warning: 'Bientôt', info: 'Quand vous aurez le temps' },
}

export default fr
