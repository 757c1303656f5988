import type en from './en.ts'

const es: typeof en = {
  trialEnds: (day) => `la prueba termina el ${day}`,
  toDo: 'Qué hay que hacer',
  nothingToDo: 'No hay nada que hacer.',
  goThere: 'Ir allí',
  severity: { error: 'Urgente', warning: 'Pronto', info: 'Cuando tengas tiempo' },
  finding: {
    domain_not_verified:
      'Un dominio aún no está verificado, así que no muestra ninguna página. Ponga su registro en el proveedor de DNS.',
    domain_lost: 'Un dominio ya no muestra la página. Revise sus registros y verifíquelo otra vez.',
    domain_record_missing:
      'Falta el registro de un dominio verificado. A los tres días el dominio se pierde.',
    brand_warning: 'Los visitantes no ven una parte de la marca como se pensó.',
    llm_provider_refusing: 'Su modelo de lenguaje rechaza sus ajustes, así que se usa el de la plataforma.',
    invitation_pending: 'Una invitación aún no se ha aceptado.',
    identity_provider_failing: 'La última comprobación del acceso de empresa encontró un error.',
    certificate_ending:
      'El último certificado del acceso de empresa caduca pronto, o ha caducado. Entonces nadie entra con él.',
    api_key_ending: 'Una clave de API caduca pronto. Sustitúyala.',
    contract_to_accept:
      'Un contrato espera a alguien de la administración. Hasta que se acepte, la consulta está cerrada.',
    trial_ending: 'La prueba termina pronto. Después la consulta solo se puede leer.',
    trial_ended: 'La prueba ha terminado y la consulta solo se puede leer. Sin un plan se congela.',
    tenant_frozen: 'La consulta está congelada y solo se puede leer. Se archivará.',
    limit_near: 'Se ha usado casi todo lo que permite el plan.',
    limit_reached: 'Se ha usado todo lo que permite el plan. No se puede crear más.',
    plan_excess: 'La consulta tiene más de lo que permite el plan. Lo más nuevo está desactivado.',
    notification_provider_refusing:
      'Un proveedor de mensajes rechaza sus ajustes, así que envía el de la plataforma.',
    message_unsettled: 'Nadie sabe si un mensaje a un teléfono salió. Pregunte a su proveedor.',
    endpoint_failing: 'Un destino de webhooks falla. A los cinco días sin éxito se desactiva.',
    endpoint_disabled: 'Un destino de webhooks se desactivó, porque su receptor falló o lo pidió.',
  },
}

export default es
