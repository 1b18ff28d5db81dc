import { securityGroupOf } from '../azure/group.ts';
import { apiVersion, groupType } from '../azure/limits.ts';
import type { RuleFile, RuleSet } from '../model.ts';
import { oneLine } from '../text.ts';

/** A value of Bicep. */
type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

/** Writes one module a host; deploying it replaces the group and all its rules. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { name, tags, properties } = securityGroupOf(ruleSet);
    const rules = properties.securityRules.map((rule): Value => ({ ...rule }));
    const lines = [
      `name: ${text(name)}`,
      'location: location',
      `tags: ${written({ ...tags }, 1)}`,
      `properties: ${written({ securityRules: rules }, 1)}`,
    ];
    const content = `${head(ruleSet.device)}resource nsg '${groupType}@${apiVersion}' = {
${lines.map((line) => `  ${line}`).join('\n')}
}

output id string = nsg.id
`;
    return { name: `${ruleSet.device}.nsg.bicep`, content };
  });
}

const head = (device: string): string =>
  `// Network security group of ${oneLine(device)}, for the network interfaces of the host.
//
// Check:     az bicep build -f FILE; az deployment group what-if -g GROUP -f FILE
// Load:      az deployment group create -g GROUP -f FILE
// Roll back: deploy what "az group export" said before

param location string = resourceGroup().location

`;

function written(value: Value, depth: number): string {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return `${value}`;
  const indent = '  '.repeat(depth + 1);
  const lines = isList(value)
    ? value.map((item) => `${indent}${written(item, depth + 1)}`)
    : Object.entries(value).map(([key, item]) => `${indent}${key}: ${written(item, depth + 1)}`);
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join('\n')}\n${'  '.repeat(depth)}${close}`;
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** A text in single quotation marks; nothing in it begins an expression. */
const text = (value: string): string =>
  `'${oneLine(value).replace(/[\\']/gu, '\\$&').replaceAll('${', '\\${')}'`;
