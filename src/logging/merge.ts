/**
 * Merges sorted streams into one sorted stream. It holds one item of each; the order of the inputs
 * decides between equals. Ends every input when the reader leaves.
 */
export async function* mergeSorted<Item>(
  inputs: readonly AsyncIterable<Item>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item> {
  const iterators = inputs.map((input) => input[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let first = -1;
      let least: Item | undefined;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        if (least === undefined || compare(head.value, least) < 0) {
          first = index;
          least = head.value;
        }
      }
      const source = iterators[first];
      if (least === undefined || source === undefined) return;
      yield least;
      // Only the stream that gave an item is asked for its next.
      heads[first] = await source.next();
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => await iterator.return?.()));
  }
}

/** Gives items of several streams as they arrive; ends when all have ended. */
export async function* mergeArrivals<Item>(
  inputs: readonly AsyncIterable<Item>[],
): AsyncGenerator<Item> {
  const iterators = inputs.map((input) => input[Symbol.asyncIterator]());
  const waiting = new Map<number, Promise<{ index: number; result: IteratorResult<Item> }>>();
  const ask = (index: number): void => {
    const next = iterators[index]?.next();
    if (next !== undefined) {
      waiting.set(
        index,
        next.then((result) => ({ index, result })),
      );
    }
  };
  for (const index of iterators.keys()) ask(index);
  try {
    while (waiting.size > 0) {
      const { index, result } = await Promise.race(waiting.values());
      if (result.done === true) {
        waiting.delete(index);
        continue;
      }
      ask(index);
      yield result.value;
    }
  } finally {
    // An input that still waits ends when its own source does; it is not waited for.
    for (const iterator of iterators) void iterator.return?.();
  }
}
