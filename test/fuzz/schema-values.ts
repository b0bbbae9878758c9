// Values that fit a JSON schema of an OpenAPI document. Covers the words that our documents use; what it does not know it throws for.
import fc from 'fast-check';
import { isNode, resolvePointer, valueAt } from '../../src/http/contract/openapi.js';
import type { OpenApiDocument } from '../../src/http/contract/openapi.js';
import { POOLED_ONLY } from './pools.js';
import type { Values } from './pools.js';

const DEPTH_MAX = 4;
const ITEMS_MAX = 4;
const TEXT_LENGTH_MAX = 40;
/** How often a value comes out of the pool of its name. */
const POOLED_WEIGHT = 5;

type Schema = Readonly<Record<string, any>>;

export class SchemaValues {
  readonly #document: OpenApiDocument;
  readonly #pools: Readonly<Record<string, Values>>;

  constructor(document: OpenApiDocument, pools: Readonly<Record<string, Values>>) {
    this.#document = document;
    this.#pools = pools;
  }

  /** Of the schema at that place; `name` is the field's or the parameter's. */
  at(pointer: string, name?: string, depth = 0): Values {
    const pool = name === undefined ? undefined : this.#pools[name];
    if (pool === undefined) return this.#generic(pointer, depth);
    if (POOLED_ONLY.includes(name ?? '')) return pool;
    const made = this.#generic(pointer, depth);
    return fc.oneof({ weight: POOLED_WEIGHT, arbitrary: pool }, { weight: 1, arbitrary: made });
  }

  #generic(pointer: string, depth: number): Values {
    const at = resolvePointer(this.#document, pointer);
    const schema = valueAt(this.#document, at) as Schema;
    if ('const' in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
    const choices = ['oneOf', 'anyOf'].find((word) => word in schema);
    if (choices !== undefined) {
      const list = schema[choices] as unknown[];
      return fc.oneof(
        ...list.map((_, index) => this.at(`${at}/${choices}/${index}`, undefined, depth)),
      );
    }
    const types: string[] = [schema.type ?? 'object'].flat();
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, at, depth)));
  }

  #ofType(type: string, schema: Schema, at: string, depth: number): Values {
    switch (type) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'integer':
        return fc.integer(boundsOf(schema));
      case 'number':
        return fc.double({ ...boundsOf(schema), noNaN: true });
      case 'string':
        return textOf(schema);
      case 'array':
        return this.#array(schema, at, depth);
      case 'object':
        return this.#object(schema, at, depth);
      default:
        throw new Error(`${at} has the type ${type}`);
    }
  }

  #array(schema: Schema, at: string, depth: number): Values {
    const { minItems = 0, maxItems = ITEMS_MAX } = schema;
    if (depth >= DEPTH_MAX || !isNode(schema.items)) return fc.constant([]);
    const maxLength = Math.max(minItems, Math.min(maxItems, ITEMS_MAX));
    const items = this.at(`${at}/items`, undefined, depth + 1);
    return fc.array(items, { minLength: minItems, maxLength });
  }

  #object(schema: Schema, at: string, depth: number): Values {
    const names = Object.keys((schema.properties ?? {}) as object);
    const required: string[] = schema.required ?? [];
    const valueOf = (name: string): Values => this.at(`${at}/properties/${name}`, name, depth + 1);
    const kept = depth >= DEPTH_MAX ? names.filter((name) => required.includes(name)) : names;
    if (schema.maxProperties === 1 && names.length > 0) {
      const one = kept.length > 0 ? kept : names.slice(0, 1);
      return fc.oneof(...one.map((name) => fc.record({ [name]: valueOf(name) })));
    }
    return someOf(
      Object.fromEntries(kept.map((name) => [name, valueOf(name)])),
      required.filter((name) => kept.includes(name)),
    );
  }
}

/** What a request has beside what it must have: of more things most exclude each other. */
const OPTIONAL_MAX = 2;

/** The required ones, and a few of the others. */
export function someOf(
  model: Readonly<Record<string, Values>>,
  required: readonly string[],
): fc.Arbitrary<Record<string, unknown>> {
  const optional = Object.keys(model).filter((name) => !required.includes(name));
  const maxLength = Math.min(OPTIONAL_MAX, optional.length);
  const all = fc.record(model);
  return fc
    .tuple(all, fc.subarray(optional, { maxLength }))
    .map(([drawn, chosen]) =>
      Object.fromEntries([...required, ...chosen].map((name) => [name, drawn[name]])),
    );
}

function boundsOf(schema: Schema): { min: number; max: number } {
  const { minimum, maximum, exclusiveMinimum } = schema;
  const max = maximum ?? Number.MAX_SAFE_INTEGER;
  return { min: minimum ?? exclusiveMinimum ?? -max, max };
}

function textOf(schema: Schema): Values {
  const { pattern, minLength = 0, maxLength = TEXT_LENGTH_MAX } = schema;
  if (typeof pattern === 'string')
    return fc.stringMatching(new RegExp(pattern), { maxLength: 100 });
  if (schema.contentEncoding === 'base64') return fc.base64String({ maxLength: TEXT_LENGTH_MAX });
  const limits = {
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, TEXT_LENGTH_MAX)),
  };
  return fc.oneof(fc.string(limits), fc.string({ ...limits, unit: 'binary' }));
}
