import { LiteralReader } from '../literals.ts';
import type { Literal } from '../literals.ts';
import type { Position, RuleFile } from '../model.ts';

/** A block of Terraform: `resource "TYPE" "NAME" { … }`, or one inside another. */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly position: Position;
  readonly fields: ReadonlyMap<string, Literal>;
  readonly blocks: readonly Block[];
}

const syntax = { quote: '"', assign: '=', comments: ['#', '//', '/*'] } as const;

/** Blocks in blocks; Terraform has three levels at most. */
const deepest = 16;

/**
 * The blocks of a file in Terraform's language.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function blocksOf({ name, content }: RuleFile): readonly Block[] {
  const reader = new LiteralReader(content, name, syntax);
  const blocks: Block[] = [];
  for (;;) {
    reader.skipNewlines();
    if (reader.here === undefined) return blocks;
    blocks.push(blockAt(reader, 0));
  }
}

function blockAt(reader: LiteralReader, depth: number): Block {
  const { position } = reader;
  const type = reader.take();
  if (type?.kind !== 'word' || depth > deepest) throw reader.fault('a block');
  const labels: string[] = [];
  while (reader.here?.kind === 'text' || (reader.here?.kind === 'word' && !reader.is('{'))) {
    labels.push(reader.take()?.text ?? '');
  }
  if (!reader.takeIf('{')) throw reader.fault('{ and what belongs to the block');
  const fields = new Map<string, Literal>();
  const blocks: Block[] = [];
  for (;;) {
    reader.skipNewlines();
    if (reader.takeIf('}')) return { type: type.text, labels, position, fields, blocks };
    const at = reader.mark();
    const key = reader.take();
    if (key?.kind === 'word' && reader.takeIf('=')) {
      fields.set(key.text, reader.value());
    } else {
      reader.back(at);
      blocks.push(blockAt(reader, depth + 1));
    }
  }
}
