export default {
  peopleNotManaged: 'Only admins and owners invite people and change roles.',
  members: 'Members',
  memberStatus: { deactivated: 'Deactivated', switched_off: 'The plan has no place' } as Record<
    string,
    string
  >,
  roleOf: (who: string) => `Role of ${who}`,
  roleLabel: 'Role',
  remove: 'Remove',
  leave: 'Leave',
  removeTitle: (who: string) => `Remove ${who}?`,
  leaveTitle: (tenant: string) => `Leave ${tenant}?`,
  removeLead: 'Access ends at once. A new invitation gives it back.',
  joinedBy: (provider: string) => `By the rule of ${provider}`,
  provider: { oidc: 'OpenID Connect', saml: 'SAML' },
  removeLeadByRule: (provider: string) =>
    `Access ends at once. They are a member by the rule of ${provider}, so they join again at their next sign-in. To keep them out, deactivate them.`,
  deactivate: 'Deactivate',
  activate: 'Activate',
  handOver: 'Make owner',
  handOverTitle: (tenant: string, who: string) => `Hand ${tenant} over to ${who}?`,
  handOverLead: 'They become the owner, and you become an admin. Only they can give it back.',
  invite: 'Invite',
  invited: (email: string) => `An invitation was sent to ${email}.`,
  openInvitations: 'Invited',
  expired: 'Expired',
  sendAgain: 'Send again',
}
