// The judge of the integration tests is judged itself: each way in which an answer can differ from the document fails.
import { describe, expect, it } from 'vitest';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import type { ActualResponse } from '../support/openapi-response.js';

const ENTRY = { key: 'a', value: 'b', version: 1, createRevision: 2, modRevision: 2 };
const HEADERS = {
  'content-type': 'application/json',
  'x-request-id': 'r1',
  'etcd-revision': '2',
  etag: '"2"',
};

function found(changes: Partial<ActualResponse> = {}): ActualResponse {
  return { status: 200, headers: HEADERS, text: JSON.stringify(ENTRY), ...changes };
}

describe('expectDocumentedResponse', () => {
  it('accepts answers as they are documented', () => {
    expectDocumentedResponse('getKey', found());
    expectDocumentedResponse('headKey', found({ text: '' }));
    expectDocumentedResponse('getKey', found({ status: 304, text: '' }));
    expectDocumentedResponse('listKeys', found({ text: '{"count":0,"revision":2}' }));
    const bytes = { ...HEADERS, 'content-type': 'application/octet-stream', 'etcd-version': '1' };
    expectDocumentedResponse('getKey', found({ headers: bytes, text: 'any' }));
  });

  it.each<[string, ActualResponse, RegExp]>([
    ['status', found({ status: 418 }), /the status 418 is not documented/],
    ['type', found({ headers: { ...HEADERS, 'content-type': 'text/html' } }), /type text\/html/],
    ['body', found({ text: '{"key":"a"}' }), /must have required property 'value'/],
    ['field', found({ text: JSON.stringify({ ...ENTRY, extra: 1 }) }), /additional properties/],
    ['body of a 304', found({ status: 304 }), /no body is documented/],
    [
      'missing header',
      found({ headers: { ...HEADERS, 'etcd-revision': undefined } }),
      /etcd-revision is missing/,
    ],
    [
      'header',
      found({ headers: { ...HEADERS, 'etcd-revision': 'x' } }),
      /header etcd-revision.*pattern/,
    ],
    [
      'new header',
      found({ headers: { ...HEADERS, 'retry-after': '1' } }),
      /retry-after is not documented/,
    ],
  ])('refuses another %s', (_, response, message) => {
    expect(() => {
      expectDocumentedResponse('getKey', response);
    }).toThrow(message);
  });

  it('refuses a body at HEAD', () => {
    expect(() => {
      expectDocumentedResponse('headKey', found());
    }).toThrow(/no body is documented/);
  });

  it('knows no operation that is not documented', () => {
    expect(() => {
      expectDocumentedResponse('noSuch', found());
    }).toThrow('no operation "noSuch" is documented');
  });
});
