/**
 * What a domain declares in its catalog.rules.ts: where it departs from a rule of test/catalog.test.ts, and why. By the
 * rule's name, then by what breaks it as the rule spells it.
 */
export type CatalogRules = Record<string, Record<string, string>>
