// Types of the operations and schemas in openapi/latchkey.yaml. The types of requests apply after validation.
import type { components, operations } from '../generated/latchkey.js';

export type OperationId = keyof operations;

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** The query parameters. Those with a default are always present. */
export type OperationQuery<Id extends OperationId> = FieldsOf<
  operations[Id]['parameters']['query']
>;

/** The path parameters, decoded. */
export type OperationParams<Id extends OperationId> = FieldsOf<
  operations[Id]['parameters']['path']
>;

/** The JSON body; `never` for operations without one. */
export type OperationBody<Id extends OperationId> =
  NonNullable<operations[Id]['requestBody']> extends {
    readonly content: { readonly 'application/json': infer Body };
  }
    ? Body
    : never;

/** `object` if nothing is documented, so that no field can be read. */
type FieldsOf<Parameters> = [NonNullable<Parameters>] extends [never]
  ? object
  : NonNullable<Parameters>;
