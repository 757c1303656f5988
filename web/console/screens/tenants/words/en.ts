export default {
  operate: 'Run the platform',
  noTenants: 'You belong to no practice yet. Ask for an invitation.',
  newTenant: 'New practice',
  newTenantLead: 'It is free to try. You become its owner.',
  tenantName: 'Name',
  slug: 'Short name',
  slugHint: 'The address of your page begins with it: small letters, digits and hyphens.',
  makeTenant: 'Make the practice',
}
