import { type Checks, must, resolveOptions } from '@sd/core'

/** Options of {@link openSegment}. */
export interface SegmentOptions {
  /**
   * How much the segment may hold, in bytes, with what it takes to keep it. Memory is used only for what is in it.
   * Who opens it with a larger size than it has enlarges it, for all; a smaller one is of no effect.
   * @default the size that it has, or 67_108_864 (64 MiB) for a new one
   */
  size?: number
  /**
   * Milliseconds that a write waits for other processes. They write for microseconds each, so only a process that
   * was stopped in the middle of a write takes longer.
   * @default 5000
   */
  timeout?: number
  /**
   * Whether it is made when there is none. False: to look at what others share.
   * @default true
   */
  create?: boolean
}

/** The size of a new segment. Bytes. */
export const DEFAULT_SIZE = 64 * 1024 * 1024

/** Room for the bookkeeping, and for what is copied while it is changed. Bytes. */
const LEAST_SIZE = 512 * 1024

const defaults: { readonly size: undefined; readonly timeout: number; readonly create: boolean } =
  Object.freeze({
    size: undefined,
    timeout: 5000,
    create: true,
  })

const checks: Checks<SegmentOptions> = {
  size: (value) =>
    value === undefined ? undefined : must.beInteger(LEAST_SIZE, Number.MAX_SAFE_INTEGER)(value),
  timeout: must.beNumber(1, Number.POSITIVE_INFINITY, 'milliseconds'),
  create: must.beBoolean,
}

/** Options with the defaults filled in. */
export interface ResolvedSegmentOptions {
  /** Undefined: whatever it has. */
  readonly size: number | undefined
  readonly timeout: number
  readonly create: boolean
}

/** @throws SdError `SD_SHM_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveSegmentOptions(given: SegmentOptions): ResolvedSegmentOptions {
  return resolveOptions<SegmentOptions, { timeout: number }>(
    'openSegment',
    'SD_SHM_OPTIONS',
    given,
    defaults,
    checks,
  ) as ResolvedSegmentOptions
}
