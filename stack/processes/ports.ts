import { connect, createServer } from 'node:net'
import { codeOf } from '../failure.ts'

/** The preferred port when it is free, otherwise any. */
export async function findPort(preferred?: number): Promise<number> {
  const port = (preferred && (await tryListen(preferred))) || (await tryListen(0))
  if (!port) throw new Error('no free port on 127.0.0.1')
  return port
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') resolve(null)
      else reject(error)
    })
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(address && typeof address === 'object' ? address.port : null))
    })
  })
}

/** Whether somebody listens on this loopback port now. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
