// Every place of a schema that a variable can stand at, and how it can be declared and given there.
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

/** JSON values that fit and do not, by the name of a type; enums and input objects are made of these. */
const SAMPLES = {
  ID: '018f4e9a-7c1b-7000-8000-000000000000',
  String: 'text',
  Int: 1,
  Boolean: true,
  CountryCode: 'DE',
  CurrencyCode: 'EUR',
  Date: '2026-01-01',
  DateTime: '2026-01-01T00:00:00Z',
  Decimal: '1.50',
  Moment: 0,
  Position: 0,
};

/** A JSON value of the type. */
export function sample(type) {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [sample(nullable.ofType)];
  if (isInputObjectType(nullable)) {
    const required = Object.values(nullable.getFields()).filter(isRequiredInputField);
    return Object.fromEntries(required.map((field) => [field.name, sample(field.type)]));
  }
  return nullable.getValues?.()[0].name ?? SAMPLES[nullable.name];
}

/** A JSON value that is not of the type, nor the item of a list of it. */
export function misfit(type) {
  const named = getNamedType(type);
  return named.name === 'Boolean' ? 'text' : isInputObjectType(named) ? 1 : true;
}

/** The same as a literal. */
export function literal(type, value) {
  const nullable = getNullableType(type);
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => literal(nullable.ofType, item)).join(', ')}]`;
  if (isListType(nullable)) return literal(nullable.ofType, value);
  if (!isInputObjectType(nullable) || typeof value !== 'object') {
    return nullable.getValues && typeof value === 'string' ? value : JSON.stringify(value);
  }
  const fields = nullable.getFields();
  return `{ ${Object.entries(value).map(([name, one]) => `${name}: ${literal(fields[name].type, one)}`).join(', ')} }`;
}

/** The places in the arguments of a root field: a name, the type there, and documents with a literal or `$v` at it. */
export function* positions(operation, parent, field) {
  const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
  for (const argument of field.args) {
    const within = (text) => given(argument, field.args.filter(isRequiredArgument), text);
    for (const { path, type, place } of places(argument.type, within, argument.name)) {
      yield {
        name: `${parent.name}.${field.name}(${path}: ${type})`,
        type,
        literal: (text) => `${operation} { ${field.name}(${place(text)})${selection} }`,
        variable: (declaration) => `${operation}($v: ${declaration}) { ${field.name}(${place('$v')})${selection} }`,
      };
    }
  }
}

function* places(type, place, path) {
  yield { path, type, place };
  const nullable = getNullableType(type);
  if (isListType(nullable)) yield* places(nullable.ofType, (text) => place(`[${text}]`), `${path}.0`);
  if (!isInputObjectType(nullable)) return;
  const fields = Object.values(nullable.getFields());
  for (const field of fields) {
    const within = (text) => place(`{ ${given(field, fields.filter(isRequiredInputField), text)} }`);
    yield* places(field.type, within, `${path}.${field.name}`);
  }
}

/** The one with this text, and beside it what else is required. */
function given(one, required, text) {
  const others = required.filter((other) => other !== one);
  return [`${one.name}: ${text}`, ...others.map((other) => `${other.name}: ${literal(other.type, sample(other.type))}`)].join(', ');
}

/** What may, and what may not, be written at a place of this type. */
export function literals(type) {
  const [fits, named] = [sample(type), getNamedType(type)];
  const item = isListType(getNullableType(type)) ? fits[0] : fits;
  const texts = [literal(type, fits), literal(type, item), literal(type, misfit(type)), 'null', `[${literal(type, item)}]`, '[null]'];
  if (isEnumType(named)) texts.push(`"${item}"`, 'UNHEARD');
  if (isInputObjectType(named)) texts.push('{ unheard: 1 }', '{}');
  return new Set(texts);
}

/** How a variable for a place of this type may, or may not, be declared, and what may be given for it. */
export function* uses(type) {
  const fits = sample(type);
  const wrong = misfit(type);
  const nullable = getNullableType(type);
  const [text, wrongText] = [literal(type, fits), literal(type, wrong)];
  const OMITTED = undefined;
  yield [`${nullable}`, [OMITTED, null, fits, wrong]];
  yield [`${nullable}!`, [OMITTED, null, fits, wrong]];
  yield [`${nullable} = ${text}`, [OMITTED, null, fits]];
  yield [`${nullable}! = ${text}`, [OMITTED, null, fits]];
  yield [`${nullable} = null`, [OMITTED, fits]];
  yield [`${nullable}! = null`, [OMITTED, fits]];
  yield [`${nullable} = ${wrongText}`, [OMITTED, fits]];
  const other = getNamedType(type).name === 'Boolean' ? 'String' : 'Boolean';
  yield [other, [OMITTED]];
  yield [`${other}!`, [SAMPLES[other]]];
  yield ['Unheard', [OMITTED]];
  if (isEnumType(nullable)) yield [`${nullable} = "${fits}"`, [OMITTED, fits]];
  if (isListType(nullable)) yield* usesOfList(nullable, fits, wrong);
  else yield [`[${type}]`, [[fits]]];
}

function* usesOfList(list, [item], wrong) {
  const items = getNullableType(list.ofType);
  for (const declared of [`[${items}]`, `[${items}!]`, `[${items}]!`, `[${items}!]!`]) {
    yield [declared, [undefined, null, [], [item], [item, null], [item, wrong], item]];
  }
  yield [`[[${items}!]!]!`, [[[item]]]];
  // A list may be given as its one item, but a variable for an item may not stand for a list.
  yield [`${items}`, [item]];
  yield [`${items}!`, [item]];
  yield [`[${items}!]! = ${literal(items, item)}`, [undefined, [item]]];
}
