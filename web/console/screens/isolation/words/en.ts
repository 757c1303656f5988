export default {
  isolation: 'Isolation',
  isolationLead:
    'Your browser asks the platform, as you, for what belongs to other practices. What comes back is listed here.',
  ask: 'Ask for what is not yours',
  askLead:
    'Each relation of the data API is asked for rows of practices that you do not belong to. The list of relations comes from the database itself, so none is left out.',
  othersHandle: 'Handle of another practice',
  othersHandleHint:
    'You may leave it empty. With it, each route that reads a practice is asked for that one, and for a handle that nobody has. Both answers have to be the same, so that nobody can tell who is a customer here. Refusals are in the audit log of that practice.',
  askNow: 'Ask now',
  asked: 'What was asked',
  noneFound: (n: number) => `${n} were asked, and none gave anything of anybody else.`,
  someFound: (n: number) => `${n} gave something that is not yours. Tell the platform at once.`,
  someUnanswered: (n: number) => `${n} gave no answer. Ask again.`,
  outcome: {
    relation: { nothing: 'no row', refused: 'refused', found: 'has rows of others', unanswered: 'no answer' },
    route: {
      nothing: 'nothing',
      refused: 'refused, as for a handle that nobody has',
      found: 'tells something',
      unanswered: 'no answer',
    },
  },
}
