import type en from './en.ts'

const es: typeof en = {
  readOnly: 'Los revisores leen las conversaciones y no responden.',
  shown: 'Mostrar',
  show: { all: 'Todas', escalated: 'Esperan a una persona', taken_over: 'Responde una persona' },
  nameOrNumber: 'El nombre o el número empieza por',
  noConversations: 'Aquí no hay ninguna conversación.',
  backToAll: 'Todas las conversaciones',
  nameless: 'Alguien sin nombre',

  waits: 'Espera a una persona',
  answeredByPerson: 'Responde una persona',
  answeredByBot: 'Responde el bot',
  optedOut: 'Escribió STOP',
  waitsSince: (at) => `Espera a una persona desde el ${at}.`,
  personSince: (at) => `Una persona responde desde el ${at}. El bot calla.`,
  botAnswers: 'Responde el bot.',
  answering: 'Quién responde',
  takeOver: 'Tomar el relevo',
  handBack: 'Devolver al bot',

  said: 'Lo que se dijo',
  source: { contact: 'Cliente', bot: 'Bot', person: 'Persona', api_key: 'Programa' },
  kinds: {
    image: 'Una imagen.',
    video: 'Un vídeo.',
    audio: 'Un mensaje de voz.',
    document: 'Un documento.',
    sticker: 'Una pegatina.',
    location: 'Un lugar en el mapa.',
    contacts: 'Un contacto.',
    order: 'Un pedido.',
  },
  otherKind: 'Un mensaje sin texto.',
  notKept: 'El texto no se guarda.',
  row: 'Su dato de entrenamiento',
  template: (name) => `Plantilla «${name}»`,
  reached: {
    waiting: 'Espera el envío',
    unknown: 'WhatsApp no ha respondido',
    sent: 'Enviado',
    delivered: 'Entregado',
    read: 'Leído',
    failed: 'Fallido',
  },

  answerTitle: 'Responder',
  text: 'Su respuesta',
  send: 'Enviar',
  takesOver: 'Quien escribe toma el relevo: el bot calla hasta que le devuelva la conversación.',
  windowOpen: (at) => `WhatsApp le deja escribir hasta el ${at}.`,
  windowClosed:
    'WhatsApp le deja escribir durante 24 horas después de un mensaje del cliente. Ya han pasado. Espere a que el cliente vuelva a escribir.',
  maySendNothing: 'El cliente escribió STOP, así que no se le envía nada. Puede escribir START.',

  forgetTitle: 'Olvidar este contacto',
  forget: 'Olvidar',
  forgetQuestion: (name) => `¿Olvidar ${name}?`,
  forgetLead:
    'Se borran todos los mensajes con esta persona. No se puede deshacer. Si vuelve a escribir, es nueva aquí.',

  reasons: {
    opted_out: 'El cliente escribió STOP.',
    reaction: 'Una reacción no es una pregunta.',
    taken_over: 'En esta conversación responde una persona.',
    not_verified: 'El número del bot no está verificado.',
    paused: 'El bot está en pausa, así que su número no envía nada.',
    window_closed: 'El mensaje tenía más de 24 horas, así que WhatsApp no deja responder a nadie.',
    auto_reply_off: 'El bot no responde por sí mismo. Cada mensaje espera a una persona.',
    day_limit: 'El cliente escribió hoy más mensajes de los que el bot puede responder.',
    hour_limit: 'El bot recibió en esta hora más mensajes de los que puede responder.',
    failed: 'El bot lo intentó varias veces y algo salió mal.',
  },
}

export default es
