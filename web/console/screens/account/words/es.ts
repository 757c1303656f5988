import type en from './en.ts'

const es: typeof en = {
  appCode: 'Código',
  tooManyTries: 'Hubo demasiados intentos. Espera un minuto e inténtalo de nuevo.',
  account: 'Tu cuenta',
  secondFactor: 'Segundo factor',
  secondFactorLead:
    'Una aplicación de tu teléfono muestra un código que cambia. Quien gestiona la plataforma entra con él, además de la contraseña.',
  noFactors: 'Todavía no has configurado ninguna aplicación.',
  factorKind: 'Aplicación de autenticación',
  newFactor: 'Configurar una aplicación',
  newFactorWhat:
    'Sirve cualquier aplicación que muestre códigos. Una segunda ayuda si se pierde el teléfono.',
  factorNeeded: 'Esto requiere un segundo factor, y todavía no tienes ninguno.',
  factorName: 'Nombre',
  factorNameHint: 'Para saber qué aplicación es.',
  begin: 'Configurar',
  newFactorLead:
    'Escanea la imagen con la aplicación, o escribe en ella la clave. Después introduce el código que muestra.',
  picture: 'La clave como código QR',
  secret: 'Clave:',
  factorTitle: 'Tu segundo factor',
  factorLead: 'Introduce el código que muestra ahora tu aplicación.',
  whichApp: 'Qué aplicación',
  factorCodeWrong: 'El código es incorrecto, o ha cambiado. Introduce el que la aplicación muestra ahora.',
  factorFirst: 'Entra primero con tu segundo factor.',
  factorsOff: 'Esta instalación no tiene segundo factor. Pregunta a quien la gestiona.',
  removeFactor: 'Quitar',
  removeFactorTitle: (name) => `¿Quitar ${name}?`,
  removeFactorLead: 'Sus códigos ya no valen.',
}

export default es
