import type en from './en.ts'

const es: typeof en = {
  signIn: 'Iniciar sesión',
  signInLead: 'Inicia sesión en tu consulta.',
  password: 'Contraseña',
  sendCode: 'Enviarme un código',
  code: 'Código',
  codeLead: (email) => `Hemos enviado un código a ${email}. Vale durante una hora.`,
  usePassword: 'Usar una contraseña',
  otherEmail: 'Usar otra dirección de correo',
  ssoLead: 'Tu empresa inicia tu sesión.',
  ssoButton: 'Ir al inicio de sesión de tu empresa',
  ssoNotHere: 'Esta instalación no tiene inicio de sesión por empresas. Pregunta a quien la gestiona.',
  wrongPassword: 'La dirección de correo o la contraseña no es correcta.',
  wrongCode: 'El código no es correcto o ha caducado. Pide uno nuevo.',
  notConfirmed: 'Esta dirección aún no está confirmada. Abre el enlace del correo que te enviamos.',
  tooMany: 'Ha habido demasiados intentos. Espera un minuto e inténtalo de nuevo.',
  forgot: 'He olvidado mi contraseña',
  makeAccount: 'Crear una cuenta',
  haveAccount: 'Ya tengo una cuenta',
  newAccountLead: 'Con la dirección en la que recibe correo.',
  invitedLead:
    'Tiene una invitación. Inicie sesión con la dirección que la recibió, o cree una cuenta con ella.',
  confirmLead: (email) =>
    `Hemos enviado un código a ${email}. Si ya tiene una cuenta, no llega ningún correo: inicie sesión.`,
  newPassword: 'Elija una contraseña nueva',
  newPasswordLead: 'Sustituye a la anterior.',
  passwordRule: 'Al menos 10 caracteres.',
  savePassword: 'Guardar la contraseña',
  weakPassword: 'Esta contraseña es demasiado fácil de adivinar. Elija otra de al menos 10 caracteres.',
  samePassword: 'Es la contraseña anterior. Elija otra.',
  handedTitle: '¿Iniciar sesión aquí?',
  handedLead: (email) => `Viene de una página en la que ha iniciado sesión como ${email}.`,
  handedContinue: (email) => `Continuar como ${email}`,
  handedNo: 'No, no como esta persona',
}

export default es
