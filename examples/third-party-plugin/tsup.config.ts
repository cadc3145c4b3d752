import { defineConfig } from 'tsup'

// JavaScript only: the types come from tsc, see the script "build".
export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  dts: false,
  clean: true,
  silent: true,
})
