import type en from './en.ts'

const de: typeof en = {
  title: 'Vertrag',
  lead: 'Was Sie und wir vereinbaren. Die Praxis öffnet, wenn er angenommen ist.',
  making: 'Der Vertrag wird erstellt …',
  read: 'Vertrag lesen (PDF)',
  agree: 'Ich habe den Vertrag gelesen und bin einverstanden.',
  accept: 'Vertrag annehmen',
  accepted: (day) => `Er wurde am ${day} angenommen.`,
}

export default de
