import { type ControlClient, connectControl } from '@sd/control/client'

/**
 * Asks a daemon over its control socket, and hangs up.
 *
 * @param target - the daemon's name, or the path of its socket.
 * @throws as `connectControl`, or what `work` throws.
 */
export async function withControl<Result>(
  target: string,
  work: (client: ControlClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectControl(target)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
