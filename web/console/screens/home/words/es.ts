import type en from './en.ts'

const es: typeof en = {
  trialEnds: (day) => `la prueba termina el ${day}`,
  toDo: 'Qué hay que hacer',
  nothingToDo: 'No hay nada que hacer.',
  goThere: 'Ir allí',
  severity: { error: 'Urgente', warning: 'Pronto', info: 'Cuando tengas tiempo' },
}

export default es
