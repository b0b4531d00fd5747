// The binary, served on a free port with a data folder of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { ROOT } from './tools.js';

/** What `cargo build` makes, unless BINARY names another. */
const BINARY = resolve(ROOT, process.env.BINARY ?? join(process.env.CARGO_TARGET_DIR ?? 'target', 'debug/hindsight'));

/** Serves with these settings beside the defaults, until the tests of the file are over. */
export async function serve(...settings) {
  const home = mkdtempSync(join(tmpdir(), 'hindsight-clients-'));
  const folder = ['--data-dir', join(home, 'data')];
  let running = await start(home, [...folder, '--listen', '127.0.0.1:0', ...settings]);
  const { origin } = running;
  after(async () => {
    await running.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    origin,
    url: `${origin}/graphql`,
    socketUrl: `${origin.replace('http', 'ws')}/graphql`,
    /** Ends it in order; its exit code. */
    stop: () => running.stop(),
    /** Serves the same log at the same address again, once stopped. */
    async again() {
      running = await start(home, [...folder, '--listen', new URL(origin).host, ...settings]);
    },
  };
}

async function start(home, settings) {
  const child = spawn(BINARY, ['serve', ...settings], {
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
    ended.then(([code]) => Promise.reject(new Error(`${BINARY} ended with ${code} before it answered`))),
  ]);
  return {
    origin,
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
