import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '#base';
import { readBatch } from './batch.ts';
import { toRecord, type HeadFields } from './record.ts';
import { bodyWanted } from './policy.ts';
import { isSetup, type StoreAsk, type StoreReply } from './store-calls.ts';
import { Store, type StoreSearch } from './store.ts';

/* The store's thread: parses, masks, writes and searches, away from the SIP of its process. */

/** Milliseconds one page of a search may take before writes get their turn. */
const pageTime = 20;

const port = parentPort;
const setup: unknown = workerData;
if (port === null || !isSetup(setup)) {
  throw new Error('The store runs in a thread of its own, started by StoreThread.');
}
const store = new Store({ ...setup, now: () => Date.now() });
const origin = { host: setup.host, writer: store.writer };
const searches = new Map<number, StoreSearch>();
let searchCount = 0;

function answer(call: StoreAsk): unknown {
  switch (call.name) {
    case 'append': {
      const { batch, policy } = call;
      const wanted = (fields: HeadFields): boolean => bodyWanted(policy, fields);
      store.append(readBatch(batch).map((seen) => toRecord(seen, origin, wanted)));
      return null;
    }
    case 'search': {
      searchCount += 1;
      searches.set(searchCount, store.search(call.criteria, call.after));
      return searchCount;
    }
    case 'next': {
      const search = searches.get(call.search);
      if (search === undefined) throw new Error('This search has ended.');
      const page = search.next(call.count, pageTime);
      if (page.done) endSearch(call.search);
      const { truncated, damaged, positions } = search;
      return { ...page, truncated, damaged, positions };
    }
    case 'endSearch':
      endSearch(call.search);
      return null;
    case 'positions':
      return store.positions();
    case 'flush':
      store.flush();
      return null;
    case 'status':
      store.retain();
      return store.status();
    case 'close':
      for (const id of searches.keys()) endSearch(id);
      store.close();
      return null;
    default:
      return call satisfies never;
  }
}

function endSearch(id: number): void {
  searches.get(id)?.close();
  searches.delete(id);
}

function reply(message: StoreReply): void {
  port?.postMessage(message, []);
}

port.on('message', (call: StoreAsk) => {
  try {
    reply({ kind: 'answer', id: call.id, answer: answer(call) });
  } catch (error) {
    reply({ kind: 'failure', id: call.id, message: messageOf(error) });
  }
  if (call.name === 'close') port.close();
});
reply({ kind: 'ready' });
