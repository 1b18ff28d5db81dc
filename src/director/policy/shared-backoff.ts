import type { Siblings } from '#base';
import { SignInBackoff } from './sign-in-backoff.ts';

const topic = 'director:sign-in';

/**
 * Slows down guessing at all processes of a host alike: what one counts the others are told. A right password
 * without wrong ones before it, which nearly all are, is told nobody.
 */
export class SharedBackoff extends SignInBackoff {
  readonly #siblings: Siblings;

  constructor(siblings: Siblings) {
    super();
    this.#siblings = siblings;
    siblings.hear(topic, (told) => this.#take(told));
  }

  override failed(user: string, source: string, now: number): void {
    super.failed(user, source, now);
    this.#siblings.tellAll(topic, [user, source, now]);
  }

  override succeeded(user: string, source: string): boolean {
    const cleared = super.succeeded(user, source);
    if (cleared) this.#siblings.tellAll(topic, [user, source, null]);
    return cleared;
  }

  #take(told: unknown): void {
    if (!Array.isArray(told)) return;
    const [user, source, failedAt]: readonly unknown[] = told;
    if (typeof user !== 'string' || typeof source !== 'string') return;
    if (typeof failedAt === 'number') super.failed(user, source, failedAt);
    else super.succeeded(user, source);
  }
}
