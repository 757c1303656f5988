import type en from './en.ts'

const es: typeof en = {
  title: 'Invitación',
  offer: (tenant, role) => `Tiene una invitación a ${tenant}, como: ${role}.`,
  until: (day) => `La invitación está abierta hasta el ${day}.`,
  sentTo: (hint) => `Se envió a ${hint}.`,
  signedInAs: (email) => `Ha iniciado sesión como ${email}.`,
  accept: 'Aceptar la invitación',
  other: 'Usar otra cuenta',
  lost: 'Este enlace está incompleto o ya se usó. Abra otra vez el enlace del correo, o pida una invitación nueva.',
}

export default es
