import workerpool from 'workerpool'
import { methodsByName } from './methods-by-name.ts'

workerpool.worker({ ...methodsByName })
