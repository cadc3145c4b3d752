import type { ResolvedServerOptions } from '../options.ts'
import type { Framing } from './framing.ts'
import { LengthFraming } from './length-framing.ts'
import { LineFraming } from './line-framing.ts'
import { RawFraming } from './raw-framing.ts'

/** Makes the framing that the options ask for. */
export function createFraming(
  framing: ResolvedServerOptions<unknown>['framing'],
  delimiter: string,
  maxInput: number,
): Framing {
  if (framing === 'line') return new LineFraming(delimiter, maxInput)
  if (framing === 'raw') return new RawFraming(maxInput)
  return typeof framing === 'function' ? framing(maxInput) : new LengthFraming(framing.lengthPrefix, maxInput)
}
