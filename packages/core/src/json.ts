/** What can be shown, logged and sent to other processes without loss. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>
