import type en from './en.ts'

const it: typeof en = {
  trialEnds: (day) => `la prova finisce il ${day}`,
  toDo: 'Che cosa c’è da fare',
  nothingToDo: 'Non c’è niente da fare.',
  goThere: 'Vai',
  severity: { error: 'Urgente', warning: 'Presto', info: 'Quando hai tempo' },
}

export default it
