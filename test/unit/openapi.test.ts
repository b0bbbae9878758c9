// The three documents as they are shipped: complete, consistent, with valid examples.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { ERROR_CODES } from '../../src/core/errors.js';
import {
  escapePointer,
  isNode,
  operationsOf,
  resolvePointer,
  valueAt,
} from '../../src/http/contract/openapi.js';
import {
  DOCUMENT_NAMES,
  readDocumentText,
  readDocumentTexts,
} from '../../src/http/contract/openapi-files.js';
import { RAW_RPCS } from '../../src/http/raw/paths.js';
import { createDocumentValidator, loadDocument } from '../../src/http/contract/validate.js';

type Node = Readonly<Record<string, unknown>>;

interface NodeAt {
  readonly pointer: string;
  readonly node: Node;
}

interface Example {
  readonly pointer: string;
  readonly schemaPointer: string;
  readonly value: unknown;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const OPENAPI_WORDS = [
  'openapi',
  'info',
  'servers',
  'security',
  'tags',
  'paths',
  'components',
  'x-pattern-in-words',
];
const FORMATS = ['int32', 'int64', 'uri-reference', 'date-time'];

const documents = Object.fromEntries(
  DOCUMENT_NAMES.map((name) => [name, loadDocument(name)] as const),
);

/** Returns every object in the document, also inside lists. */
function nodesOf(root: unknown): NodeAt[] {
  const nodes: NodeAt[] = [];
  const visit = (value: unknown, pointer: string): void => {
    if (!isNode(value)) return;
    nodes.push({ pointer, node: value });
    for (const [name, member] of Object.entries(value)) {
      visit(member, `${pointer}/${escapePointer(name)}`);
    }
  };
  visit(root, '#');
  return nodes;
}

/** Returns the `example` and `examples` of media types, parameters and headers, with their schemas. */
function examplesOf(root: unknown): Example[] {
  return nodesOf(root).flatMap(({ pointer, node }) => {
    if (!('schema' in node)) return [];
    const named = Object.entries((node.examples ?? {}) as Record<string, { value: unknown }>);
    const all = [
      ...('example' in node ? [['example', node.example] as const] : []),
      ...named.map(([name, { value }]) => [`examples/${escapePointer(name)}`, value] as const),
    ];
    const schemaPointer = `${pointer}/schema`;
    return all.map(([at, value]) => ({ pointer: `${pointer}/${at}`, schemaPointer, value }));
  });
}

/** Creates ajv for a document, and collects the base64 texts that its checks meet. */
function createAjv(name: string): { ajv: Ajv2020; base64Seen: Set<string> } {
  const base64Seen = new Set<string>();
  const formats = Object.fromEntries(FORMATS.map((format) => [format, true as const]));
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, formats });
  ajv.addVocabulary(OPENAPI_WORDS);
  ajv.removeKeyword('contentEncoding');
  ajv.addKeyword({
    keyword: 'contentEncoding',
    type: 'string',
    validate: (encoding: string, text: string) => {
      base64Seen.add(text);
      return encoding === 'base64' && BASE64.test(text);
    },
  });
  ajv.addSchema(documents[name]!, 'document');
  return { ajv, base64Seen };
}

const refTo = (pointer: string): object => ({ $ref: `document${encodeURI(pointer)}` });

describe.each(DOCUMENT_NAMES)('openapi/%s.yaml', (name) => {
  const document = documents[name]!;

  it('is YAML without errors, warnings or repeated keys', () => {
    const parsed = parseDocument(readDocumentText(name), { strict: true, uniqueKeys: true });
    expect([...parsed.errors, ...parsed.warnings]).toEqual([]);
    expect(document.openapi).toBe('3.1.0');
  });

  it('has no reference without a target', () => {
    const references = nodesOf(document).filter(({ node }) => typeof node.$ref === 'string');
    expect(references.length).toBeGreaterThan(0);
    for (const { pointer } of references) {
      expect(isNode(valueAt(document, resolvePointer(document, pointer))), pointer).toBe(true);
    }
  });

  it('has a summary, a description with an example, and a tag for every operation', () => {
    const tags = (document.tags as { name: string }[]).map((tag) => tag.name);
    for (const { pointer } of operationsOf(document)) {
      const operation = valueAt(document, pointer) as Record<string, unknown>;
      expect(String(operation.summary).length, pointer).toBeGreaterThan(5);
      expect(operation.description, pointer).toContain('curl ');
      expect(tags).toEqual(expect.arrayContaining(operation.tags as string[]));
    }
  });

  it('has no parameters at paths, where Swagger UI 5.35 does not follow references', () => {
    for (const item of Object.values(document.paths)) expect(item).not.toHaveProperty('parameters');
  });

  it('has only schemas that compile strictly', () => {
    const { ajv } = createAjv(name);
    const schemas = nodesOf(document).filter(({ node }) => isNode(node.schema));
    expect(schemas.length).toBeGreaterThan(0);
    for (const { pointer } of schemas) ajv.compile(refTo(`${pointer}/schema`));
  });

  it('has only examples that fit their schemas, base64 included', () => {
    const { ajv } = createAjv(name);
    const examples = examplesOf(document);
    expect(examples.length).toBeGreaterThan(0);
    for (const { pointer, schemaPointer, value } of examples) {
      const validate = ajv.compile(refTo(schemaPointer));
      expect(validate(value) ? '' : ajv.errorsText(validate.errors), pointer).toBe('');
    }
  });

  it('compiles a check of the query of every operation', () => {
    const validator = createDocumentValidator(document);
    for (const { operationId, queryParameters } of operationsOf(document)) {
      const operation = validator.operation(operationId);
      const required = queryParameters.filter((each) => each.isRequired);
      const query = required.map((each) => `${each.name}=a`).join('&');
      expect(() => operation.query(query), operationId).not.toThrow();
    }
  });
});

describe('the three documents', () => {
  it('have a unique ID for every operation', () => {
    const ids = Object.values(documents).flatMap((document) =>
      operationsOf(document).map((operation) => operation.operationId),
    );
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('describe each path once', () => {
    const paths = Object.values(documents).flatMap((document) => Object.keys(document.paths));
    expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
  });

  it('have the same names as texts and parsed', () => {
    expect(Object.keys(readDocumentTexts())).toEqual([...DOCUMENT_NAMES]);
  });
});

describe('openapi/latchkey.yaml', () => {
  const document = documents.latchkey!;

  it('lists the error codes of the catalog', () => {
    const { enum: codes } = valueAt(document, '#/components/schemas/ErrorCode') as {
      enum: string[];
    };
    expect(codes).toEqual(ERROR_CODES);
  });

  it('has the version of the package', () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(document.info.version).toBe((JSON.parse(text) as { version: string }).version);
  });

  it('has the status of its response in each example of a problem', () => {
    const problems = operationsOf(document).flatMap(({ pointer }) =>
      Object.keys(valueAt(document, `${pointer}/responses`) as object).flatMap((status) => {
        const response = resolvePointer(document, `${pointer}/responses/${status}`);
        const { content } = valueAt(document, response) as {
          content?: Record<string, { example: { status: number; code: string; type: string } }>;
        };
        const example = content?.['application/problem+json']?.example;
        return example === undefined ? [] : [{ status, example }];
      }),
    );
    expect(problems.length).toBeGreaterThan(0);
    for (const { status, example } of problems) {
      expect(String(example.status)).toBe(status);
      expect(example.type).toBe(`urn:latchkey:problem:${example.code}`);
    }
  });

  it('compiles a check for every JSON body', () => {
    const validator = createDocumentValidator(document);
    const withBody = operationsOf(document).filter((each) => each.bodyPointer !== undefined);
    expect(withBody.map((each) => each.operationId)).toEqual([
      'putKey',
      'putKeyByQuery',
      'importKeys',
      'transact',
      'createLease',
      'acquireLock',
      'releaseLock',
      'renewLock',
      'holdLock',
      'campaign',
      'resign',
      'renewLeadership',
      'proclaim',
      'simpleLockInspect',
      'simpleLockAcquire',
      'simpleLockRelease',
      'compact',
    ]);
    // Their fields may be in the query or in a header instead.
    const optional = ['releaseLock', 'resign'];
    for (const { operationId } of withBody) {
      if (optional.includes(operationId)) continue;
      expect(() => validator.operation(operationId).body({})).toThrow(/is missing/);
    }
  });

  it('lets browsers execute every GET and DELETE: none has a request body', () => {
    for (const { method, pointer } of operationsOf(document)) {
      if (method === 'PUT' || method === 'POST') continue;
      expect(valueAt(document, pointer), pointer).not.toHaveProperty('requestBody');
    }
  });
});

describe('openapi/etcd-v3.yaml', () => {
  const document = documents['etcd-v3']!;

  it('describes exactly the paths of the raw v3 API', () => {
    const paths = RAW_RPCS.map((rpc) => rpc.path);
    expect(Object.keys(document.paths).sort()).toEqual([...paths].sort());
    expect(new Set(operationsOf(document).map((operation) => operation.method))).toEqual(
      new Set(['POST']),
    );
  });

  it('shows every base64 text of its request examples decoded', () => {
    const { ajv, base64Seen } = createAjv('etcd-v3');
    for (const { pointer } of operationsOf(document)) {
      const { description } = valueAt(document, pointer) as { description: string };
      base64Seen.clear();
      for (const example of examplesOf(valueAt(document, `${pointer}/requestBody`))) {
        const schema = example.schemaPointer.replace('#', `${pointer}/requestBody`);
        ajv.compile(refTo(schema))(example.value);
      }
      for (const text of base64Seen) {
        const decoded = Buffer.from(text, 'base64').toString('utf8');
        const shown = decoded === '\0' ? 'one zero byte' : `\`${decoded}\``;
        expect(description, pointer).toContain(`\`${text}\` is ${shown}`);
      }
    }
  });

  it('has its first example also as a curl command', () => {
    for (const { path, pointer } of operationsOf(document)) {
      const { description } = valueAt(document, pointer) as { description: string };
      const [example] = examplesOf(valueAt(document, `${pointer}/requestBody`));
      const line = `localhost:8888${path} -d '${JSON.stringify(example!.value)}'`;
      expect(description).toContain(line);
    }
  });
});
