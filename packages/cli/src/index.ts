export { exitCodes, statusCodes } from './exit-codes.ts'
