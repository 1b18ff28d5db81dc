import type { Dump } from '#base';
import { detach } from '#sip';
import type { Binding, BindingChange } from './policy/bindings.ts';

/** A change as another process of the Front End is told it. */
export function tellChange({ kind, aor, binding }: BindingChange): Dump {
  const { uri, q, instance, regId, path, connection, callId, cseq, expiresAt, updatedAt } = binding;
  const texts = [kind, aor, uri, instance ?? null, regId ?? null, connection ?? null, callId];
  return [texts, [q, cseq, expiresAt, updatedAt], path];
}

/** The change another process told; undefined for what no process of this version tells. */
export function readChange(told: unknown): BindingChange | undefined {
  if (!Array.isArray(told)) return undefined;
  const [texts, numbers, path]: readonly unknown[] = told;
  if (!Array.isArray(texts) || !Array.isArray(numbers) || !isTexts(path)) return undefined;
  const [kind, aor, uri, instance, regId, connection, callId]: readonly unknown[] = texts;
  const [q, cseq, expiresAt, updatedAt]: readonly unknown[] = numbers;
  if (kind !== 'put' && kind !== 'gone') return undefined;
  if (typeof aor !== 'string' || typeof uri !== 'string' || typeof callId !== 'string') {
    return undefined;
  }
  if (typeof q !== 'number' || typeof cseq !== 'number') return undefined;
  if (typeof expiresAt !== 'number' || typeof updatedAt !== 'number') return undefined;
  const binding: Binding = {
    uri: detach(uri),
    q,
    instance: textOf(instance),
    regId: textOf(regId),
    path: path.map(detach),
    connection: textOf(connection),
    callId: detach(callId),
    cseq,
    expiresAt,
    updatedAt,
  };
  return { kind, aor: detach(aor), binding };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? detach(value) : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
