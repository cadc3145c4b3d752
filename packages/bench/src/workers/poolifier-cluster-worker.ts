import { ClusterWorker } from 'poolifier'
import { poolifierTasks } from './poolifier-tasks.ts'

export default new ClusterWorker(poolifierTasks)
