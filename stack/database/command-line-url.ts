/** A database's address in two parts, for a program that is started with it. */
interface CommandLineUrl {
  /** Without the password: every user of this machine can read a command line while the program runs. */
  url: string
  /** With the password: a process' environment can only be read by the user whose process it is. */
  env: { PGPASSWORD: string }
}

/** Node's driver, the supabase CLI and pgdelta all take the password from PGPASSWORD if the URL has none. */
export function commandLineUrl(databaseUrl: string): CommandLineUrl {
  const url = new URL(databaseUrl)
  const password = decodeURIComponent(url.password)
  url.password = ''
  // The embedded server speaks no TLS, and the CLI asks for it unless told that there is none.
  url.searchParams.set('sslmode', 'disable')
  return { url: url.href, env: { PGPASSWORD: password } }
}
