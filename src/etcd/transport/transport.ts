// Sends calls to one endpoint: unary calls with axios, which only this file imports, and streams. Handles paths and bytes, not RPCs,
// retries or the content.
import axios from 'axios';
import type { TrafficClass } from '../../core/caller.js';
import type { Connector } from './connection.js';
import type { Endpoint } from '../endpoint.js';
import { createHttpAdapter } from './http-adapter.js';
import type { AdapterLimits, CallTimeouts } from './http-adapter.js';
import { openHttpStream } from './http-stream.js';
import type { OpenStream, StreamCall } from './http-stream.js';

export interface UnaryResponse {
  readonly status: number;
  readonly body: Buffer;
}

export interface UnaryCall {
  readonly method?: 'GET' | 'POST';
  /** A path of the RPC table, never from a client. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeouts: CallTimeouts;
  /** Used only with several transports (traffic-classes.ts). */
  readonly trafficClass?: TrafficClass | undefined;
}

export interface Transport {
  /** Resolves for every status. Throws `TransportError` without a complete response. */
  unary(endpoint: Endpoint, call: UnaryCall): Promise<UnaryResponse>;
  /** Opens a request and a response that both stay open, on their own connection. The caller must destroy it. */
  stream(endpoint: Endpoint, call: StreamCall): OpenStream;
  /** Closes the kept connections of `unary` to one endpoint, or all. Running calls continue. */
  retire(endpoint?: Endpoint): void;
  /** Closes the kept connections of `unary`. Does not close streams. */
  close(): void;
}

export interface TransportLimits extends AdapterLimits {
  /** For one response. Less than a page of 1,000 keys of 1.5 MB. */
  readonly responseBytesMax: number;
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

export function createTransport(limits: TransportLimits, connector: Connector): Transport {
  const { adapter, ...kept } = createHttpAdapter(limits, connector);
  const instance = axios.create({
    adapter,
    headers: {},
    maxContentLength: limits.responseBytesMax,
    maxRedirects: 0,
    proxy: false,
    responseType: 'arraybuffer',
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });
  instance.defaults.headers.common = {};
  return {
    async unary(endpoint, call) {
      const config = {
        url: originOf(endpoint) + call.path,
        endpoint,
        method: call.method ?? 'POST',
        data: call.body,
        headers: call.headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...call.headers },
        signal: call.signal,
        timeouts: call.timeouts,
      };
      const response = await instance.request<Buffer>(config);
      return { status: response.status, body: response.data };
    },
    stream(endpoint, call) {
      const headers = { ...JSON_HEADERS, ...call.headers };
      return openHttpStream(endpoint, { ...call, headers }, connector);
    },
    ...kept,
  };
}

/** The agent connects to the endpoint. For a unix socket, the URL only provides the Host. */
function originOf({ url, hostname, socketPath }: Endpoint): string {
  return socketPath === undefined ? url : `http://${hostname}`;
}
