import type en from './en.ts'

const it: typeof en = {
  title: 'Contratto',
  lead: 'Ciò su cui ci accordiamo. Lo studio si apre quando è accettato.',
  making: 'Il contratto è in preparazione …',
  read: 'Leggi il contratto (PDF)',
  agree: 'Ho letto il contratto e sono d’accordo.',
  accept: 'Accetta il contratto',
  accepted: (day) => `È stato accettato il ${day}.`,
}

export default it
