import type en from './en.ts'

const es: typeof en = {
  operate: 'Gestionar la plataforma',
  noTenants: 'Todavía no perteneces a ninguna consulta. Pide una invitación.',
  newTenant: 'Nueva consulta',
  newTenantLead: 'Probar es gratis. La consulta será suya.',
  tenantName: 'Nombre',
  slug: 'Nombre corto',
  slugHint: 'Con él empieza la dirección de su página: letras minúsculas, cifras y guiones.',
  makeTenant: 'Crear la consulta',
}

export default es
