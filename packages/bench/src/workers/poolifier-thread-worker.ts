import { ThreadWorker } from 'poolifier'
import { poolifierTasks } from './poolifier-tasks.ts'

export default new ThreadWorker(poolifierTasks)
