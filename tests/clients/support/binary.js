// The binary in a process of its own, for as long as it is needed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** `{ origin, stop }` of a server with these settings beside the defaults, run in a folder. */
export async function start(binary, home, settings) {
  const child = spawn(binary, ['serve', ...settings], {
    cwd: home,
    // A setting of whoever runs the tests must not bend them.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HINDSIGHT_'))),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const ended = once(child, 'exit').finally(() => process.off('exit', kill));
  const origin = await Promise.race([
    announced(child),
    ended.then(([code]) => Promise.reject(new Error(`${binary} ended with ${code} before it answered`))),
  ]);
  return {
    origin,
    /** Ends it in order; its exit code. */
    async stop() {
      child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    },
  };
}

/** The origin, once the server has said that it answers. */
async function announced(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /http:\/\/[^/\s]+/.exec(line);
    if (origin) {
      // What it says later must not fill the pipe.
      child.stdout.resume();
      return origin[0];
    }
  }
  return new Promise(() => {});
}
