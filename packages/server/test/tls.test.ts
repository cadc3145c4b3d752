import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { connectTlsClient } from './line-client.ts'
import { testServers } from './test-servers.ts'

const { sandbox, start, adopt } = testServers()

/** A key and a certificate of this moment. */
function makeCertificate(): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(sandbox().dir, 'key.pem'), join(sandbox().dir, 'cert.pem')]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '1',
  ]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  try {
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  } catch (cause) {
    throw new Error('This test needs the program openssl: install it (apt-get install openssl).', { cause })
  }
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

test('TLS clients are served, half-open ones too, and drained; a stranger to TLS disturbs nobody', async () => {
  const { key, cert } = makeCertificate()
  const { server, stop, gone, logged } = await start({ tls: { key, cert } }, (server) => {
    server.command(/^hi$/, () => 'hello')
    server.command(/^much$/, async () => 'x'.repeat(1_000_000))
  })
  const port = server.port!
  const open = () => adopt(connectTlsClient({ port, host: '127.0.0.1', servername: 'localhost', ca: cert }))
  const first = open()
  expect(await first.ask('hi')).toBe('hello')

  const plain = connect(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.resume()
  plain.write('GET / HTTP/1.0\r\n\r\n')
  await new Promise((resolve) => plain.once('close', resolve))
  await waitUntil(() => logged().includes('A TLS handshake failed'))

  const ended = open()
  await ended.connected
  ended.socket.end('much\nhi\n')
  expect(await ended.closed).toBe(`${'x'.repeat(1_000_000)}\nhello\n`)

  // One that never completes its handshake does not hold up the stop.
  const silent = connect(port, '127.0.0.1')
  silent.on('error', () => {})
  await new Promise((resolve) => silent.once('connect', resolve))
  first.write('much\n')
  await waitUntil(() => first.received.length > 6)
  expect(await stop()).toMatchObject({ exitCode: 0, unfinished: [] })
  expect(await first.closed).toHaveLength(6 + 1_000_001)
  expect(gone).toHaveLength(2)
  silent.destroy()
})

test('a TLS client whose input is refused is told so', async () => {
  const { key, cert } = makeCertificate()
  const { server } = await start({ tls: { key, cert }, maxInput: 10 })
  const client = adopt(
    connectTlsClient({ port: server.port!, host: '127.0.0.1', servername: 'localhost', ca: cert }),
  )
  client.write('x'.repeat(100_000))
  expect(await client.closed).toBe('error: a message may have 10 bytes\n')
})
