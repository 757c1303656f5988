import type en from './en.ts'

const es: typeof en = {
  lead: 'Ve mensajes antes de tener un receptor. Se crea un destino por una hora, esta página pide lo que le llega, y el navegador verifica cada firma. Cuenta entre los destinos de tu plan.',
  tryIt: 'Probar aquí',
  itsName: 'Bandeja de webhooks',
  inboxes: 'Bandejas abiertas',
  open: 'Abrir',
  listens: (until) =>
    `Recibe hasta ${until}, y entonces se borra con sus mensajes. Salir de esta página no la termina.`,
  ended: 'Esta bandeja ha terminado. Lo que llegó se muestra hasta que salgas.',
  end: 'Terminarla',
  pollAsCurl: 'Pedir los mensajes con curl',
  acknowledgeAsCurl: 'Decir con curl que llegaron',
  endAsCurl: 'Terminarla con curl',
  messages: 'Mensajes',
  waiting: 'Espera el primer mensaje.',
  arrived: (count) => `Mensajes que llegaron: ${count}`,
  made: 'Creado',
  verdicts: {
    right: 'La firma es correcta.',
    untimely:
      'Rechazado: se firmó más de cinco minutos antes de llegar. Puede ser un mensaje viejo, enviado otra vez.',
    forged: 'Rechazado: la firma no corresponde. El contenido fue alterado, o se firmó con otro secreto.',
  },
  onTheWay: 'Lo que pasa en el camino',
  mishaps: {
    none: 'Nada',
    body: 'Cambia un byte del contenido',
    secret: 'El receptor tiene otro secreto',
    late: 'Llega diez minutos más tarde',
  },
  altered: (position, from, to) => `El carácter ${position} del contenido era «${from}» y ahora es «${to}».`,
}

export default es
