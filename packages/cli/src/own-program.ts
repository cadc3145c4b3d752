import { fileURLToPath } from 'node:url'

/** The file of `sd-cli` itself. It is the one that runs, unless a daemon's own file has asked for something. */
export function ownProgram(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url))
}
