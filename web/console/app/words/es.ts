import type en from './en.ts'

const es: typeof en = {
  language: 'es',
  loading: 'Cargando …',
  retry: 'Intentar de nuevo',

  email: 'Correo electrónico',
  next: 'Continuar',
  working: 'Un momento …',
  offline: 'No hay conexión. Comprueba tu red e inténtalo de nuevo.',
  refused: (code) => `No ha funcionado (${code}). Inténtalo de nuevo.`,

  signOut: 'Cerrar sesión',
  lastChange: 'Su último cambio en el registro de auditoría',
  skip: 'Ir al contenido',
  navigation: 'Navegación principal',
  menu: 'Menú',
  notRead: 'sin leer',
  rooms: {
    home: 'Resumen',
    campaigns: 'Campañas',
    questionnaires: 'Cuestionarios',
    participants: 'Participantes',
    bots: 'Bots',
    brand: 'Marca',
    address: 'Dirección',
    notifications: 'Notificaciones',
    people: 'Personas',
    sso: 'Acceso de empresa',
    keys: 'Claves de API',
    webhooks: 'Webhooks',
    usage: 'Plan y consumo',
    credits: 'Créditos',
    audit: 'Registro de auditoría',
    settings: 'Ajustes',
  },
  yourTenants: 'Tus consultas',
  role: { owner: 'Propietario', admin: 'Admin', member: 'Miembro', reviewer: 'Revisor' },
  status: { demo: 'Demo', trial: 'Prueba', active: 'Activa', frozen: 'Congelada', archived: 'Archivada' },
  frozen: 'Esta consulta está congelada. Se puede leer y exportar, pero no cambiar.',
  trialOver: 'La prueba ha terminado. Todo se puede leer y exportar todavía. Elija un plan para continuar.',
  notFound: 'No hay nada en esta dirección.',
  toContract: 'Ir al contrato',
  requestId: (id) => `Petición ${id}`,

  save: 'Guardar',
  unsaved: 'Hay cambios sin guardar. ¿Salir de todos modos?',
  asCurl: 'Lo mismo con curl',
  asTable: 'Como tabla',

  conflictLead:
    'Mientras editabas, se cambió lo mismo. Elige qué se queda. Hasta entonces no se pierde nada.',
  keepMine: 'Dejar lo mío',
  takeTheirs: 'Tomar lo otro',
  nothing: 'nada',

  cancel: 'Cancelar',
  revoke: 'Revocar',
  copy: 'Copiar',
  copied: 'Copiada',
  haveKept: 'La he guardado',

  showMore: 'Mostrar más',
  filters: 'Filtros',
  before: 'Antes',
  after: 'Después',
  hidden: 'Cambió. Lo que contiene no se guarda aquí.',
}

export default es
