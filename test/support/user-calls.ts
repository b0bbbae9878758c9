// Calls at a gateway with `--auth=etcd` as one of the users of `guarded-etcd.ts`.
import { basic } from './guarded-etcd.js';
import type { UserName } from './guarded-etcd.js';
import { send } from './http-client.js';
import type { Answer } from './http-client.js';
import type { Gateway } from './processes.js';
import { call, json } from './v1-calls.js';

export interface UserCalls {
  /** At /v1. The response is validated against the OpenAPI document. */
  readonly as: (
    user: UserName,
    operation: string,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Answer>;
  /** At the raw API. */
  readonly raw: (user: UserName, path: string, body: object) => Promise<Answer>;
}

/** `gateway` is called for each request, because a test starts the gateway later. */
export function userCalls(gateway: () => Gateway): UserCalls {
  return {
    as(user, operation, method, path, body) {
      const sent = body === undefined ? {} : json(body);
      const headers = { ...basic(user), ...sent.headers };
      return call(operation, method, path, { ...sent, headers }, gateway().baseUrl);
    },
    raw: (user, path, body) =>
      send(gateway().baseUrl, 'POST', path, { headers: basic(user), body: JSON.stringify(body) }),
  };
}
