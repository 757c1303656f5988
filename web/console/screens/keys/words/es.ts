import type en from './en.ts'

const es: typeof en = {
  keysLead:
    'Con una clave, un programa actúa por esta consulta. Puede lo que dicen sus permisos, y nada más.',
  keysNotSeen: 'Solo los admins y los propietarios ven las claves de API.',
  noKeys: 'Todavía no hay ninguna clave.',
  newKey: 'Clave nueva',
  keyName: 'Nombre',
  keyNameHint: 'Para que se sepa dónde se usa.',
  scopes: 'Qué puede hacer',
  makeKey: 'Crear la clave',
  lastUsed: (day) => `usada por última vez el ${day}`,
  neverUsed: 'nunca usada',
  expires: (day) => `termina el ${day}`,
  rotate: 'Reemplazar',
  revoked: 'Revocada',
  revokeTitle: (name) => `¿Revocar ${name}?`,
  revokeLead: 'Los programas que la usan son rechazados desde ahora. No se puede deshacer.',
  secretTitle: 'Tu clave nueva',
  secretLead: 'Cópiala ahora. Solo se muestra esta vez. Una clave que reemplaza funciona un día más.',
}

export default es
