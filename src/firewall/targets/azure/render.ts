import type { RuleFile, RuleSet } from '../model.ts';
import { securityGroupOf } from './group.ts';
import type { Written } from './group.ts';
import { apiVersion, groupType } from './limits.ts';

/** Writes one template a host; deploying it replaces the group and all its rules. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { name, tags, properties } = securityGroupOf(ruleSet);
    const group = {
      type: groupType,
      apiVersion,
      name,
      location: '[resourceGroup().location]',
      tags,
      properties: { securityRules: properties.securityRules.map(literally) },
    };
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [group],
    };
    const content = `${JSON.stringify(template, undefined, 2)}\n`;
    return { name: `${ruleSet.device}.nsg.json`, content };
  });
}

/** A text in brackets would be an expression to Resource Manager. */
function literally(rule: Written): Written {
  const { description } = rule.properties;
  if (typeof description !== 'string' || !/^\[.*\]$/u.test(description)) return rule;
  return { ...rule, properties: { ...rule.properties, description: `[${description}` } };
}
