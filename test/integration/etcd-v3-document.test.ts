// openapi/etcd-v3.yaml against a real etcd: every example executed from the top to the bottom, as its text promises, every answer held
// against its schema. A member of its own, since the examples change users, members and the past.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsOf, resolvePointer, valueAt } from '../../src/http/contract/openapi.js';
import type { DocumentedOperation } from '../../src/http/contract/openapi.js';
import { loadDocument } from '../../src/http/contract/validate.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { send } from '../support/http-client.js';

const document = loadDocument('etcd-v3');
const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  formats: { int32: true, int64: true },
});
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components']);
ajv.addSchema(document, 'document');

/** Examples that cannot succeed on one fresh member without authentication, as their descriptions say; 200 from some versions. */
const REFUSED: Readonly<Record<string, readonly number[]>> = {
  kvLeaseRevoke: [404],
  electionProclaim: [500],
  clusterMemberUpdate: [404],
  clusterMemberPromote: [404],
  clusterMemberRemove: [404],
  maintenanceHashKv: [200, 404],
  maintenanceTransferLeadership: [400, 412],
  maintenanceDowngrade: [200, 400, 404],
  authAuthenticate: [400, 412],
  authStatus: [200, 404],
  authEnable: [400, 412],
};

let member: Member;

beforeAll(async () => {
  member = await startMember();
});

afterAll(async () => {
  await member.stop();
});

describe('the examples of openapi/etcd-v3.yaml, from the top to the bottom', () => {
  it.each(operationsOf(document).map((operation) => [operation.operationId, operation] as const))(
    '%s',
    async (operationId, operation) => {
      const { status, text } = await send(member.endpoint, 'POST', operation.path, {
        headers: { 'content-type': 'application/json', ...timeoutOf(operation) },
        body: JSON.stringify(firstExampleOf(operation)),
      });
      expect(REFUSED[operationId] ?? [200], text).toContain(status);
      if (status !== 200) return;
      const validate = answerSchemaOf(operation);
      for (const line of text.trim().split('\n')) {
        const isValid = validate(JSON.parse(line));
        expect(isValid, `${ajv.errorsText(validate.errors)} in ${line.slice(0, 300)}`).toBe(true);
      }
    },
  );
});

function firstExampleOf({ pointer }: DocumentedOperation): unknown {
  const examples = valueAt(document, `${pointer}/requestBody/content/application~1json/examples`);
  return Object.values(examples as Record<string, { value: unknown }>)[0]?.value;
}

function timeoutOf({ pointer }: DocumentedOperation): Record<string, string> {
  const { parameters = [] } = valueAt(document, pointer) as { parameters?: unknown[] };
  return Object.fromEntries(
    parameters.map((_, index) => {
      const at = resolvePointer(document, `${pointer}/parameters/${index}`);
      const { name, example } = valueAt(document, at) as { name: string; example: string };
      return [name, example];
    }),
  );
}

function answerSchemaOf({ pointer }: DocumentedOperation): ValidateFunction {
  const response = resolvePointer(document, `${pointer}/responses/200`);
  const schema = `${response}/content/application~1json/schema`;
  return ajv.compile({ $ref: `document${encodeURI(schema)}` });
}
