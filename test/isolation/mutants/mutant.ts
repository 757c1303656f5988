/** One way to break isolation, as DDL. */
export interface Mutant {
  name: string
  sql: string[]
  touched: Touched
  /** Words of those who are likely to notice it, who are asked first. */
  suspects?: string[]
}

/** What a mutant changes. What depends on it is read from the catalog. */
export interface Touched {
  relation?: string
  /** With its schema. */
  function?: string
  /** Who may do what, which the catalog alone shows: row level security still answers for the rows. */
  isGrant?: true
}
