import { channel as nodeChannel } from 'node:diagnostics_channel';

/** A named diagnostics channel whose messages have a type; publishing to nobody costs one check. */
export interface Channel<Message> {
  readonly name: string;
  /** True when somebody listens; guard the building of costly messages with it. */
  readonly active: boolean;
  publish(message: Message): void;
  /** Returns the way to stop listening. A listener that throws does not disturb the publisher. */
  subscribe(listener: (message: Message) => void): () => void;
}

/** Opens the process-wide channel of this name. Names are `usher:<domain>:<what happened>`. */
export function channel<Message>(name: `usher:${string}`): Channel<Message> {
  const inner = nodeChannel(name);
  return {
    name,
    get active() {
      return inner.hasSubscribers;
    },
    publish: (message) => inner.publish(message),
    subscribe(listener) {
      const heard = (message: unknown): void => listener(message as Message);
      inner.subscribe(heard);
      return () => inner.unsubscribe(heard);
    },
  };
}
