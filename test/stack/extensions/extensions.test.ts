import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { installExtensions } from '../../../stack/extensions/index.ts'
import { admin, superuser } from '../../kit/db.ts'
import { waitFor } from './bare-server.ts'

// On the stack itself; how each extension behaves is tested on bare servers in the other files of this folder.

describe('on the stack', () => {
  test('migrations create the extensions as they do on a hosted project', async () => {
    await admin.query('create extension if not exists supabase_vault with schema vault cascade')
    await admin.query('create extension if not exists pg_cron with schema pg_catalog')
    await admin.query('create extension if not exists pg_net with schema extensions')
    const { rows } = await admin.query(
      `select extname, extnamespace::regnamespace::text as schema from pg_extension
       where extname in ('supabase_vault', 'pg_cron', 'pg_net') order by extname`,
    )
    expect(rows).toEqual([
      { extname: 'pg_cron', schema: 'pg_catalog' },
      { extname: 'pg_net', schema: 'extensions' },
      { extname: 'supabase_vault', schema: 'vault' },
    ])
  })

  test('a secret goes in and comes out', async () => {
    const { rows } = await admin.query(`select vault.create_secret('through the stack') as id`)
    const read = await admin.query('select decrypted_secret from vault.decrypted_secrets where id = $1', [
      rows[0].id,
    ])
    expect(read.rows).toEqual([{ decrypted_secret: 'through the stack' }])
    await admin.query('delete from vault.secrets where id = $1', [rows[0].id])
  })

  test('a job runs as the role that scheduled it', async () => {
    const { rows } = await admin.query(
      `select cron.schedule('extensions-test', '1 second', 'select 1') as id`,
    )
    const runs = async () =>
      (
        await superuser.query('select status, username from cron.job_run_details where jobid = $1', [
          rows[0].id,
        ])
      ).rows
    await waitFor(async () => (await runs()).some((run) => run.status === 'succeeded'))
    await admin.query(`select cron.unschedule('extensions-test')`)
    expect((await runs())[0]).toMatchObject({ username: 'postgres' })
  })

  test('a request reaches the gateway', async () => {
    const { rows } = await admin.query('select net.http_get($1) as id', [
      `${inject('stack').api_url}/functions/v1/none`,
    ])
    const replies = async () =>
      (await admin.query('select status_code from net._http_response where id = $1', [rows[0].id])).rows
    await waitFor(async () => (await replies()).length === 1)
    expect(await replies()).toEqual([{ status_code: 404 }])
  })
})

describe('installing', () => {
  test('writes control and script files once, also when two do it at a time', async () => {
    const share = await mkdtemp(path.join(tmpdir(), 'tenantry-share-'))
    try {
      await Promise.all([installExtensions(share), installExtensions(share), installExtensions(share)])
      const folder = path.join(share, 'postgresql/extension')
      const names = (await readdir(folder)).sort()
      expect(names.map((name) => name.replace(/--.*/, ' script'))).toEqual([
        'pg_cron script',
        'pg_cron.control',
        'pg_net script',
        'pg_net.control',
        'supabase_vault script',
        'supabase_vault.control',
      ])
      for (const name of names.filter((name) => name.endsWith('.control'))) {
        expect(await readFile(path.join(folder, name), 'utf8')).toContain('trusted = true')
      }
      const written = await Promise.all(
        names.map(async (name) => (await stat(path.join(folder, name))).mtimeMs),
      )
      await installExtensions(share)
      expect(
        await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).mtimeMs)),
      ).toEqual(written)
    } finally {
      await rm(share, { recursive: true, force: true })
    }
  })
})
