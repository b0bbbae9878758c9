// A client of the v2 API: sends forms, receives JSON.
import { randomBytes } from 'node:crypto';
import { send } from './http-client.js';
import type { Answer } from './http-client.js';

export type V2Parameters = Readonly<Record<string, string | number | boolean>>;

export interface V2Client {
  get(path: string, parameters?: V2Parameters): Promise<Answer>;
  put(path: string, parameters?: V2Parameters): Promise<Answer>;
  post(path: string, parameters?: V2Parameters): Promise<Answer>;
  delete(path: string, parameters?: V2Parameters): Promise<Answer>;
}

export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' } as const;

/** Sends the parameters of PUT and POST as a form, all others in the query. */
export function v2Client(baseUrl: string): V2Client {
  const inQuery =
    (method: string) =>
    (path: string, parameters: V2Parameters = {}) => {
      const query = formOf(parameters);
      return send(baseUrl, method, `/v2/keys${path}${query === '' ? '' : `?${query}`}`);
    };
  const inForm =
    (method: string) =>
    (path: string, parameters: V2Parameters = {}) =>
      send(baseUrl, method, `/v2/keys${path}`, { headers: FORM_TYPE, body: formOf(parameters) });
  return {
    get: inQuery('GET'),
    put: inForm('PUT'),
    post: inForm('POST'),
    delete: inQuery('DELETE'),
  };
}

function formOf(parameters: V2Parameters): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) form.append(name, String(value));
  return form.toString();
}

/** Returns a path that no other test uses. */
export function newPath(): string {
  return `/test-${randomBytes(6).toString('hex')}`;
}
