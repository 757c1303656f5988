import type en from './en.ts'

const es: typeof en = {
  title: 'Contrato',
  lead: 'Lo que acordamos usted y nosotros. La consulta se abre cuando se acepta.',
  making: 'Se está preparando el contrato …',
  read: 'Leer el contrato (PDF)',
  agree: 'He leído el contrato y estoy de acuerdo.',
  accept: 'Aceptar el contrato',
  accepted: (day) => `Se aceptó el ${day}.`,
}

export default es
