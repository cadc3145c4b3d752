import { Socket } from 'node:net'
import type { Codec } from '../socket-pair/frame.ts'
import { FrameReader } from '../socket-pair/frame-reader.ts'
import { FrameWriter } from '../socket-pair/frame-writer.ts'
import { methodNames } from './method-name.ts'
import { methodsByName } from './methods-by-name.ts'

const socket = new Socket({ fd: 3, readable: true, writable: true })
const writer = new FrameWriter(socket, process.argv[2] as Codec)
const reader = new FrameReader((call, method, value) => {
  writer.write(call, method, methodsByName[methodNames[method]!](value as never))
})
socket.on('data', reader.read)
// The other side has gone, whichever way.
socket.on('close', () => process.exit())
socket.on('error', () => {})
