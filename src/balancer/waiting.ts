/** Longest a test waits for a condition, milliseconds; reached only when the test fails. */
const patience = 30_000;

/** Resolves when the condition holds; looks again whenever the loop is idle. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** Rejects, naming what was waited for, when the promise takes too long. */
export async function within<Value>(promise: Promise<Value>, what: () => string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited in vain for ${what()}`)), patience);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
