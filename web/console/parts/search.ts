/** What the address of a screen says after its "?": these texts, and nothing else. */
export const texts =
  <const Name extends string>(...names: Name[]) =>
  (search: Record<string, unknown>): { [Each in Name]?: string } =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = search[name]
        // The router reads digits as a number.
        const text = typeof value === 'number' ? String(value) : value
        return typeof text === 'string' && text !== '' ? [[name, text]] : []
      }),
    ) as { [Each in Name]?: string }

/** The value if it is one of these. Anybody can write an address. */
export const oneOf = <Value extends string>(values: readonly Value[], value: string | undefined) =>
  values.find((each) => each === value)

/** A moment of an address, if it is one. */
export const momentIn = (value: string | undefined) =>
  value !== undefined && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined
