// An error class that exists twice would make `instanceof` lie.
const required = require('@sd/core')

void import('@sd/core').then((imported) => {
  if (imported.SdError !== required.SdError) throw new Error('import and require give two copies')
})
