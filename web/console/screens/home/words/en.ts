export default {
  trialEnds: (day: string) => `the trial ends on ${day}`,
  toDo: 'What needs doing',
  nothingToDo: 'Nothing needs doing.',
  goThere: 'Go there',
  severity: { error: 'Urgent', warning: 'Soon', info: 'When you have time' } as Record<string, string>,
}
