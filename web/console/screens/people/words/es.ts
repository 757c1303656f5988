import type en from './en.ts'

const es: typeof en = {
  peopleNotManaged: 'Solo los admins y los propietarios invitan y cambian los roles.',
  members: 'Miembros',
  memberStatus: { deactivated: 'Desactivado', switched_off: 'El plan no tiene sitio' },
  roleOf: (who) => `Rol de ${who}`,
  roleLabel: 'Rol',
  remove: 'Quitar',
  leave: 'Salir',
  removeTitle: (who) => `¿Quitar a ${who}?`,
  leaveTitle: (tenant) => `¿Salir de ${tenant}?`,
  removeLead: 'El acceso termina enseguida. Una invitación nueva lo devuelve.',
  joinedBy: (provider) => `Por la regla de ${provider}`,
  provider: { oidc: 'OpenID Connect', saml: 'SAML' },
  removeLeadByRule: (provider) =>
    `El acceso termina enseguida. La pertenencia viene de la regla de ${provider} y vuelve en el próximo inicio de sesión. Desactívala para impedirlo.`,
  deactivate: 'Desactivar',
  activate: 'Activar',
  handOver: 'Hacer propietario',
  handOverTitle: (tenant, who) => `¿Entregar ${tenant} a ${who}?`,
  handOverLead: 'Esa persona pasa a ser propietaria, y tú admin. Solo ella puede devolverlo.',
  invite: 'Invitar',
  invited: (email) => `Se ha enviado una invitación a ${email}.`,
  openInvitations: 'Invitados',
  expired: 'Caducada',
  sendAgain: 'Enviar de nuevo',
}

export default es
