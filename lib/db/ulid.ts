const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The ULID spelling of an id, as private.ulid() writes it. For rows that do not store theirs. */
export function ulidOf(id: string): string {
  let rest = BigInt(`0x${id.replaceAll('-', '')}`)
  let ulid = ''
  for (let digit = 0; digit < 26; digit++) {
    ulid = alphabet[Number(rest & 31n)] + ulid
    rest >>= 5n
  }
  return ulid
}
