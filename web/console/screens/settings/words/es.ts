import type en from './en.ts'

const es: typeof en = {
  settingsNotManaged: 'Solo los admins y los propietarios cambian los ajustes.',
  general: 'General',
  tenantName: 'Nombre',
  locale: 'Idioma',
  timeZone: 'Zona horaria',
  timeZoneHint: 'Los días y meses del consumo y de los créditos empiezan según esta zona horaria.',
  saved: 'Guardado.',

  projects: 'Proyectos',
  projectsLead: 'Los proyectos dividen el trabajo de una consulta.',
  projectsNotOffered: 'Ningún producto de esta consulta tiene ya proyectos. Los que hay se pueden leer.',
  newProject: 'Proyecto nuevo',
  projectName: 'Nombre',
  projectSlug: 'Identificador',
  projectSlugHint: 'De 2 a 40 caracteres: de la a a la z, cifras y guiones. Lo usan los programas.',
  makeProject: 'Crear el proyecto',
  archived: 'Archivado',
  archive: 'Archivar',
  openAgain: 'Abrir de nuevo',
  rename: 'Cambiar el nombre',
  renameTitle: (name) => `Cambiar el nombre de ${name}`,
  renameLead: 'Su identificador sigue igual.',

  products: 'Productos',
  productsLead: 'La plataforma ha concedido estos.',
  noProducts: 'La plataforma no ha concedido ningún producto. Se puede usar lo que tiene el plan.',
  productEnds: (day) => `hasta el ${day}`,
  productOff: 'Desactivado',

  export: 'Exportación',
  exportLead:
    'Todo lo que pertenece a esta consulta, en líneas de JSON. Las imágenes y los documentos se nombran en ellas y se obtienen aparte. Un archivo que no termina con una línea «trailer» está cortado.',
  exportNow: 'Descargar todo',
  exportBegun: 'La descarga ha empezado.',

  life: 'Estado',
  since: (day) => `desde el ${day}`,
  why: (reason) => `Motivo: ${reason}`,
  trialEndsAt: (at) => `La prueba termina el ${at}.`,
  freezesAt: (at) => `Se congela el ${at} si no se elige un plan.`,
  archivesAt: (at) => `Se archiva el ${at} si esto no se resuelve. Hasta entonces se puede leer y exportar.`,
  purgeableAt: (at) => `A partir del ${at} sus datos se pueden borrar para siempre.`,
  takeBack:
    'Si no se pagó o terminó la prueba, un plan la abre de nuevo. Si se canceló, quien opera esta plataforma puede deshacerlo hasta que se archive.',
  cancelTenant: 'Cancelar esta consulta',
  cancelTitle: (name) => `¿Cancelar ${name}?`,
  cancelLead:
    'Se congela de inmediato: nadie puede cambiar nada ni participar. Durante 30 días todo se puede leer y exportar, y quien opera la plataforma puede abrirla de nuevo. Después se archiva: solo quien opera la plataforma puede restaurarla, durante 30 días más. Luego sus datos se pueden borrar para siempre. Cancela antes una suscripción pagada, en «Plan y consumo».',
  cancelReason: '¿Por qué? (se puede dejar vacío)',
  cancelTyped: (slug) => `Escribe ${slug} para confirmar`,
  cancelByOwner: 'Solo el propietario puede cancelar esta consulta.',

  proveIsolation: 'Compruebe usted que nadie obtiene lo que es de otros',
}

export default es
