import { existsSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const modules = join(import.meta.dirname, '../../../node_modules');

/** Where npm packages have the definitions, and those they import. */
const folders = [
  ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) =>
    join(modules, '@grpc/grpc-js-xds/deps', folder),
  ),
  join(modules, 'protobufjs'),
];

/** Envoy's own definitions (API v3), everything a bootstrap file may hold and these further files. */
export async function envoyDefinitions(further: readonly string[]): Promise<protobuf.Root> {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => {
    const found = folders.map((folder) => join(folder, target)).find((file) => existsSync(file));
    return found ?? protobuf.util.path.resolve(origin, target);
  };
  await root.load(['envoy/config/bootstrap/v3/bootstrap.proto', ...further], { keepCase: true });
  root.resolveAll();
  return root;
}

/** Messages whose JSON is one value (Protocol Buffers, JSON mapping). */
const wrapped: Readonly<Record<string, string>> = {
  BoolValue: 'bool',
  UInt32Value: 'uint32',
  UInt64Value: 'uint64',
  Int32Value: 'int32',
  Int64Value: 'int64',
  DoubleValue: 'double',
  FloatValue: 'float',
  StringValue: 'string',
};

/**
 * Everything in a value that the definition of a message does not know, or knows otherwise, and every field
 * that its rules (protoc-gen-validate) require and that is not there. One line each, with the path.
 */
export function faultsOf(root: protobuf.Root, name: string, value: unknown, path = name): string[] {
  const type = root.lookupType(name);
  const fullName = type.fullName.slice(1);
  if (fullName === 'google.protobuf.Any') return ofAny(root, value, path);
  if (fullName === 'google.protobuf.Duration') {
    const right = typeof value === 'string' && /^\d+(?:\.\d{1,9})?s$/u.test(value);
    return right ? [] : [`${path}: no duration`];
  }
  const scalar = fullName.startsWith('google.protobuf.') ? wrapped[type.name] : undefined;
  if (scalar !== undefined) return ofScalar(scalar, value, path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${path}: no message`];
  }
  const known = new Map(type.fieldsArray.map((field) => [field.name, field]));
  const faults = Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const field = known.get(key);
    return field === undefined
      ? [`${path}.${key}: unknown`]
      : ofField(root, field, inner, `${path}.${key}`);
  });
  const given = new Set(Object.keys(value));
  const missing = type.fieldsArray
    .filter((field) => isRequired(field) && !given.has(field.name))
    .map((field) => `${path}.${field.name}: missing`);
  const chosen = type.oneofsArray.flatMap(({ name: choice, oneof, options }) => {
    const count = oneof.filter((field) => given.has(field)).length;
    if (count > 1) return [`${path}: ${choice} more than once`];
    return options?.['(validate.required)'] === true && count === 0
      ? [`${path}: no ${choice}`]
      : [];
  });
  return [...faults, ...missing, ...chosen];
}

/** Rules that an absent field breaks. */
function isRequired({ options }: protobuf.Field): boolean {
  return (
    options?.['(validate.rules).message.required'] === true ||
    options?.['(validate.rules).any.required'] === true ||
    options?.['(validate.rules).duration.required'] === true ||
    Number(options?.['(validate.rules).string.min_len'] ?? 0) > 0 ||
    Number(options?.['(validate.rules).repeated.min_items'] ?? 0) > 0
  );
}

function ofField(
  root: protobuf.Root,
  field: protobuf.Field,
  value: unknown,
  path: string,
): string[] {
  const one = (each: unknown, where: string): string[] => {
    const { resolvedType } = field;
    if (resolvedType instanceof protobuf.Enum) {
      const right = typeof each === 'string' && Object.hasOwn(resolvedType.values, each);
      return right ? [] : [`${where}: not of ${resolvedType.name}`];
    }
    return resolvedType === null
      ? ofScalar(field.type, each, where)
      : faultsOf(root, resolvedType.fullName, each, where);
  };
  if (!field.repeated) return one(value, path);
  if (!Array.isArray(value)) return [`${path}: no list`];
  return value.flatMap((each: unknown, index) => one(each, `${path}[${index}]`));
}

function ofAny(root: protobuf.Root, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || !('@type' in value)) {
    return [`${path}: no @type`];
  }
  const { '@type': url, ...rest } = value;
  const [, name] = /^type\.googleapis\.com\/(.+)$/u.exec(String(url)) ?? [];
  if (name === undefined || root.lookup(name) === null) return [`${path}: unknown ${String(url)}`];
  return faultsOf(root, name, rest, path);
}

function ofScalar(type: string, value: unknown, path: string): string[] {
  const whole = /^(?:u?int|s?fixed|sint)(?:32|64)$/u.test(type);
  const right = whole
    ? Number.isInteger(value) && (!/^u|^fixed/u.test(type) || Number(value) >= 0)
    : type === 'double' || type === 'float'
      ? typeof value === 'number'
      : type === 'bool'
        ? typeof value === 'boolean'
        : typeof value === 'string';
  return right ? [] : [`${path}: no ${type}`];
}
