// A subscriber that comes back and goes on where it was.

/** Follows the log as a client should: what it asks for when it comes back is what comes after the last it saw. */
export function follow(client) {
  const seen = [];
  const waiting = [];
  const failed = deferred();
  // Whoever waits hears of it; nobody may be waiting.
  failed.promise.catch(() => {});
  const payload = {
    query: 'subscription($after: Position) { events(after: $after) { position } }',
    variables: { after: '0' },
  };
  client.subscribe(payload, {
    next({ data }) {
      payload.variables.after = data.events.position;
      seen.push(Number(data.events.position));
      for (const { position, found } of waiting) if (seen.at(-1) >= position) found();
    },
    error: failed.reject,
    complete: () => failed.reject(new Error('the subscription ended')),
  });
  const until = (position) => {
    const { promise, resolve } = deferred();
    if (seen.at(-1) >= position) resolve();
    waiting.push({ position, found: resolve });
    return Promise.race([promise, failed.promise]);
  };
  return { seen, until };
}

/** A promise and what settles it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}
