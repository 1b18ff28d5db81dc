import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { z } from 'zod';
import { windows } from '#firewall';
import { rulesOf } from './support/policy.ts';

/** A node of a syntax tree, as far as it is looked at here. */
interface Node {
  readonly text: string;
  readonly hasError: boolean;
  descendantsOfType(type: string): readonly (Node | null)[];
}

interface Parser {
  setLanguage(language: unknown): void;
  parse(text: string): { readonly rootNode: Node } | null;
}

interface ParserClass {
  init(): Promise<void>;
  new (): Parser;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const require = createRequire(import.meta.url);

/** Loaded without its types, which are those of a browser. */
const treeSitter = z
  .object({
    Parser: z.custom<ParserClass>(isFunction),
    Language: z.custom<{ load(path: string): Promise<unknown> }>(isFunction),
  })
  .parse(require('@vscode/tree-sitter-wasm'));

const grammar = join(
  dirname(require.resolve('@vscode/tree-sitter-wasm')),
  'tree-sitter-powershell.wasm',
);

const commands: ReadonlySet<string> = new Set(
  'Remove-NetFirewallRule New-NetFirewallRule Get-NetFirewallRule Disable-NetFirewallRule Set-NetFirewallProfile Where-Object Out-Null'.split(
    ' ',
  ),
);

describe('scripts for Windows, as the grammar of PowerShell reads them', () => {
  let parser: Parser | undefined;

  before(async () => {
    await treeSitter.Parser.init();
    parser = new treeSitter.Parser();
    parser.setLanguage(await treeSitter.Language.load(grammar));
  });

  const rootOf = (text: string): Node => {
    const root = parser?.parse(text)?.rootNode;
    assert.ok(root !== undefined);
    return root;
  };

  for (const path of globSync('examples/*.yaml')) {
    test(`are lists of known commands for every host of ${basename(path, '.yaml')}`, () => {
      const hosts = rulesOf(path).filter(({ zones }) => zones.length === 0);
      for (const { name, content } of windows.render(hosts, {})) {
        const root = rootOf(content.replace(/^\uFEFF/u, ''));
        assert.equal(root.hasError, false, name);
        const called = root.descendantsOfType('command_name').map((node) => node?.text ?? '');
        for (const each of called) assert.ok(commands.has(each), `${name}: ${each}`);
        const rules = called.filter((each) => each === 'New-NetFirewallRule');
        assert.equal(rules.length, content.match(/^New-NetFirewallRule /gmu)?.length ?? 0);
        assert.ok(rules.length > 0, name);
      }
    });
  }

  test('keep reasons within their quotation marks', () => {
    const comment = 'x\' ; Remove-Item ‘y’ $(z) `n # " & | {';
    const [host] = rulesOf('examples/contoso.yaml').filter(({ zones }) => zones.length === 0);
    assert.ok(host !== undefined);
    const chains = host.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => ({ ...rule, comment })),
    }));
    const [file] = windows.render([{ ...host, chains }], {});
    const root = rootOf((file?.content ?? '').replace(/^\uFEFF/u, ''));
    assert.equal(root.hasError, false);
    for (const node of root.descendantsOfType('command_name')) {
      assert.ok(commands.has(node?.text ?? ''), node?.text ?? 'nothing');
    }
  });

  test('are refused by it when they are broken', () => {
    assert.equal(rootOf("New-NetFirewallRule -Name 'x\n").hasError, true);
    assert.equal(rootOf('New-NetFirewallRule -LocalPort 1, |\n').hasError, true);
  });
});
