/** A cell of a CSV file. A decimal is a number that JSON or JavaScript could not hold exactly. */
export type Cell = string | number | null | { decimal: string }

/**
 * Pages of rows as a CSV file (RFC 4180) with a head. It reads the next page when the reader has taken the one before. The
 * first page is read before it answers, so that a refusal is one.
 */
export async function csvStream(
  columns: readonly string[],
  pages: AsyncGenerator<Cell[][], void>,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const encoder = new TextEncoder()
  let next = await pages.next()
  let head = csvLine([...columns])
  return new ReadableStream({
    async pull(controller) {
      if (next.done) {
        if (head) controller.enqueue(encoder.encode(head))
        return controller.close()
      }
      controller.enqueue(encoder.encode(head + next.value.map(csvLine).join('')))
      head = ''
      next = await pages.next()
    },
    async cancel() {
      await pages.return()
    },
  })
}

function csvLine(cells: Cell[]): string {
  return `${cells.map(written).join(',')}\r\n`
}

/** Numbers are ours and as they are: a minus in front makes no formula of them. */
function written(cell: Cell): string {
  if (cell !== null && typeof cell === 'object') return cell.decimal
  return typeof cell === 'number' ? String(cell) : csvCell(cell)
}

/**
 * A spreadsheet runs a cell that starts like a formula, and strangers choose names and user agents. An
 * apostrophe in front makes the cell text (OWASP, CSV injection).
 */
export function csvCell(value: string | boolean | null | undefined): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  const safe = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
