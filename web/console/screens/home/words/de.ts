import type en from './en.ts'

const de: typeof en = {
  trialEnds: (day) => `die Testzeit endet am ${day}`,
  toDo: 'Was zu tun ist',
  nothingToDo: 'Es ist nichts zu tun.',
  goThere: 'Dorthin',
  severity: { error: 'Dringend', warning: 'Bald', info: 'Bei Gelegenheit' },
}

export default de
