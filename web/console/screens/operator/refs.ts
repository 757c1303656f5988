const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A tenant's ref_id: the ULID spelling of its id. The audit log names tenants by their ids, also those that are gone. */
export function refOf(id: string): string {
  let rest = BigInt(`0x${id.replaceAll('-', '')}`)
  let ref = ''
  for (let place = 0; place < 26; place++) {
    ref = letters[Number(rest % 32n)] + ref
    rest /= 32n
  }
  return ref
}
