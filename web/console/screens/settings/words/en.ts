export default {
  settingsNotManaged: 'Only admins and owners change the settings.',
  general: 'General',
  tenantName: 'Name',
  locale: 'Language',
  timeZone: 'Time zone',
  timeZoneHint: 'Days and months of usage and credits begin by this time zone.',
  saved: 'Saved.',

  projects: 'Projects',
  projectsLead: 'Projects divide the work of a practice.',
  projectsNotOffered: 'No product of this practice has projects any more. Those that there are can be read.',
  newProject: 'New project',
  projectName: 'Name',
  projectSlug: 'Handle',
  projectSlugHint: '2 to 40 characters: a to z, digits and hyphens. Programs use it.',
  makeProject: 'Make the project',
  archived: 'Archived',
  archive: 'Archive',
  openAgain: 'Open again',
  rename: 'Rename',
  renameTitle: (name: string) => `Rename ${name}`,
  renameLead: 'Its handle stays as it is.',

  products: 'Products',
  productsLead: 'The platform has granted these.',
  noProducts: 'The platform has granted no products. What the plan has can be used.',
  productEnds: (day: string) => `until ${day}`,
  productOff: 'Switched off',

  export: 'Export',
  exportLead:
    'Everything this practice owns, as lines of JSON. Pictures and documents are named in it and fetched on their own. A file that does not end with a line “trailer” was cut off.',
  exportNow: 'Download everything',
  exportBegun: 'The download has begun.',

  life: 'Status',
  since: (day: string) => `since ${day}`,
  why: (reason: string) => `Reason: ${reason}`,
  trialEndsAt: (at: string) => `The trial ends on ${at}.`,
  freezesAt: (at: string) => `It is frozen on ${at}, unless a plan is chosen.`,
  archivesAt: (at: string) =>
    `It is archived on ${at}, unless this is settled. Until then its people can read and export.`,
  purgeableAt: (at: string) => `From ${at} its data can be deleted for good.`,
  takeBack:
    'If it was not paid, or the trial ended, a plan opens it again. If it was cancelled, the operator of this platform can take that back until it is archived.',
  cancelTenant: 'Cancel this practice',
  cancelTitle: (name: string) => `Cancel ${name}?`,
  cancelLead:
    'It is frozen at once: nobody can change anything or take part. For 30 days everything can be read and exported, and the operator of the platform can open it again. Then it is archived: only the operator can restore it, for 30 more days. After that its data can be deleted for good. Cancel a paid subscription first, under “Plan and usage”.',
  cancelReason: 'Why? (can be left out)',
  cancelTyped: (slug: string) => `Type ${slug} to confirm`,
  cancelByOwner: 'Only the owner can cancel this practice.',

  proveIsolation: 'See for yourself that nobody gets what belongs to others',
}
