export { type ConnectOptions, connectToParent } from './connect-to-parent.ts'
export type { ParentLink } from './parent-link.ts'
