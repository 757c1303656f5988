import type en from './en.ts'

const es: typeof en = {
  operate: 'Gestionar la plataforma',
  noTenants: 'Todavía no perteneces a ninguna consulta. Pide una invitación.',
  noMember: {
    provider_not_bound: 'El acceso de su empresa ya no está conectado con ninguna consulta.',
    rule_off: 'El acceso de su empresa no hace miembro a nadie por sí solo. Pida una invitación.',
    domain_not_verified:
      'Su dirección no pertenece a ningún dominio que su empresa haya verificado aquí. Pregunte a quien gestiona la consulta.',
    no_group:
      'No está en ninguno de los grupos que pueden usar la consulta. Pregunte a quien los gestiona en su empresa.',
    membership_deactivated: 'Alguien que gestiona la consulta ha desactivado su acceso.',
    limit_reached: 'La consulta no tiene sitio para otro miembro. Pregunte a quien la gestiona.',
    provider_not_verified:
      'El acceso de su empresa debe comprobarse de nuevo. Pregunte a quien gestiona la consulta.',
    certificate_expired:
      'El certificado del acceso de su empresa ha caducado. Pregunte a quien gestiona la consulta.',
    feature_not_in_plan:
      'El plan de la consulta ya no tiene acceso de empresa. Pregunte a quien la gestiona.',
    tenant_frozen: 'La consulta está congelada y nadie puede unirse. Pregunte a quien la gestiona.',
    trial_ended: 'La prueba de la consulta ha terminado y nadie puede unirse. Pregunte a quien la gestiona.',
  },
  newTenant: 'Nueva consulta',
  newTenantLead: 'Probar es gratis. La consulta será suya.',
  tenantName: 'Nombre',
  slug: 'Nombre corto',
  slugHint: 'Con él empieza la dirección de su página: letras minúsculas, cifras y guiones.',
  makeTenant: 'Crear la consulta',
}

export default es
