export default {
  operate: 'Run the platform',
  noTenants: 'You belong to no practice yet. Ask for an invitation.',
  noMember: {
    provider_not_bound: 'Your company’s sign-in is not connected to a practice any more.',
    rule_off: 'Your company’s sign-in makes nobody a member by itself. Ask for an invitation.',
    domain_not_verified:
      'Your address belongs to no domain that your company has verified here. Ask who manages the practice.',
    no_group:
      'You are in none of the groups that may use the practice. Ask who manages them at your company.',
    membership_deactivated: 'Somebody who manages the practice has switched your membership off.',
    limit_reached: 'The practice has no place for another member. Ask who manages it.',
    provider_not_verified: 'Your company’s sign-in has to be checked again. Ask who manages the practice.',
    certificate_expired: 'The certificate of your company’s sign-in has ended. Ask who manages the practice.',
    feature_not_in_plan: 'The plan of the practice has no company sign-in any more. Ask who manages it.',
    tenant_frozen: 'The practice is frozen, and nobody can join. Ask who manages it.',
    trial_ended: 'The trial of the practice has ended, and nobody can join. Ask who manages it.',
  },
  newTenant: 'New practice',
  newTenantLead: 'It is free to try. You become its owner.',
  tenantName: 'Name',
  slug: 'Short name',
  slugHint: 'The address of your page begins with it: small letters, digits and hyphens.',
  makeTenant: 'Make the practice',
}
