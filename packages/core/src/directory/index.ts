export { type HeldDirectory, type HoldOptions, holdDirectory } from './hold-directory.ts'
export { homeDirectory } from './home-directory.ts'
export { moveWithoutOverwriting } from './move-file.ts'
export { isPlanted, OTHERS_MAY_WRITE } from './ownership.ts'
