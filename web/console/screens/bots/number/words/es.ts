import type en from './en.ts'

const es: typeof en = {
  seenByManagers: 'Los admins y propietarios ven el número de un bot.',
  none: 'Este bot no tiene número de WhatsApp. Sin él no responde a nadie.',

  state: 'Estado del número',
  verified: 'Meta conoce el número, y el bot puede responder.',
  notVerified: 'El número aún no está verificado. Hasta entonces el bot no responde a nadie.',
  paused: (at, why) => `El bot no envía nada desde el ${at}: ${why}`,
  tokenInvalid: 'Meta ya no acepta el token de acceso. Escriba uno nuevo y verifique el número.',
  phone: 'Número',
  name: 'Nombre en WhatsApp',
  verifiedAt: 'Verificado',
  tokenEnds: 'El token de acceso termina',
  checkedAt: 'Se preguntó a Meta',
  verify: 'Verificar',
  asking: 'Se pregunta a Meta …',
  remove: 'Quitar el número',
  removeTitle: '¿Quitar el número?',
  removeLead: 'Se olvidan sus secretos, y el bot no responde a nadie. Las conversaciones se quedan.',
  problems: {
    token_invalid:
      'Meta no acepta el token de acceso. Cree uno nuevo para un usuario del sistema de su empresa y escríbalo.',
    token_expired:
      'El token de acceso ha caducado. Cree uno nuevo para un usuario del sistema, si puede uno que no caduque, y escríbalo.',
    scope_missing:
      'Al token de acceso le falta un permiso. Cree uno con whatsapp_business_messaging y whatsapp_business_management, para un usuario del sistema que tenga asignada la cuenta.',
    app_secret_wrong:
      'La clave secreta no es la de la app para la que se creó el token de acceso. Cópiela de Configuración de la app, Básica.',
    number_not_found:
      'El token de acceso no abre ningún número con este id. Copie el id del número, que no es el número mismo, y asigne la cuenta al usuario del sistema.',
    account_not_found:
      'El token de acceso no abre ninguna cuenta de WhatsApp Business con este id. Copie su id de la página API Setup y asigne la cuenta al usuario del sistema.',
    wrong_account:
      'El número no es de esta cuenta de WhatsApp Business. Copie los dos ids de una misma página.',
    number_taken: 'Este número ya está conectado a otro bot. Quítelo primero allí.',
    callback_refused:
      'Meta no pudo llegar a la URL de retorno, o no aceptó su respuesta. Verifique otra vez; si sigue así, dígalo a la plataforma.',
    refused:
      'Meta se negó a responder. Mire el estado de su empresa y de la cuenta en business.facebook.com.',
    unreachable: 'Meta no respondió. Nada ha cambiado. Inténtelo más tarde.',
  },

  atMeta: 'Lo que sabe Meta',
  atMetaLead:
    'La verificación dice ambas cosas a Meta por sí misma. A mano se escriben en su app, en WhatsApp, Configuración.',
  callback: 'URL de retorno',
  copyCallback: 'Copiar la URL de retorno',
  verifyToken: 'Token de verificación',
  tokenLead: 'Meta lo envía cuando pregunta si la URL de retorno es suya.',
  tokenMade: 'Token de verificación creado',
  tokenBefore: 'El anterior',
  countsUntil: (at) => `vale hasta el ${at}`,
  reveal: 'Mostrar el token de verificación',
  rotate: 'Crear un nuevo token de verificación',
  rotateTitle: '¿Crear un nuevo token de verificación?',
  rotateLead:
    'El anterior vale una semana más. Hasta entonces, verifique el número o escriba el nuevo en Meta.',

  connect: 'Conectar un número',
  change: 'Cambiar el número',
  field: {
    whatsapp_phone_number_id: 'Id del número de teléfono',
    whatsapp_business_account_id: 'Id de la cuenta de WhatsApp Business',
    access_token: 'Token de acceso',
    app_secret: 'Clave secreta de la app',
  },
  idHint: {
    whatsapp_phone_number_id: 'Cifras, de la página API Setup de su app. No es el número mismo.',
    whatsapp_business_account_id: 'Cifras, de la misma página. Con otro id, el número se verifica de nuevo.',
  },
  saved: 'Guardado.',
  secretOnce: 'Se guarda, y no se muestra a nadie más.',
  secretStays: 'Hay uno guardado. Deje esto vacío para conservarlo.',
}

export default es
