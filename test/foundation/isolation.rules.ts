import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  functions: {
    refuse_estimated_counts: {
      whenFrozen: 'changes nothing',
      needs: 'everyone',
      service: true,
      call: () => 'select public.refuse_estimated_counts()',
    },
  },
  privateFunctions: {
    uuid_v7: 'the default of id columns',
    uuid_v7_at: 'pure; uuid_v7 calls it',
    ulid: 'pure; generated ref_id columns call it',
    ulid_to_uuid: 'pure',
    few_problems: 'pure; raise_problem calls it',
    log_refusal: 'writes a line to the log of Postgres that holds nothing but the request itself',
    raise_problem: 'raises, and writes that line',
    json_merge_patch: 'pure',
    json_problem: 'pure',
    json_fits: 'pure; check constraints call it',
    has_long_number: 'pure; json_problem and json_fits call it',
    fold_email: 'pure',
    is_https_url: 'pure; check constraints call it',
    is_plain_text: 'pure; check constraints call it',
    is_email: 'pure; check constraints call it',
  },
} satisfies IsolationRules
