import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { ErrorRequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { createHostOriginChecks } from '../../../../src/http/server/host-origin-checks.js';
import type { HostOriginSettings } from '../../../../src/http/server/host-origin-checks.js';
import { sendRaw, request } from '../../../support/raw-socket.js';
import type { RawResponse } from '../../../support/raw-socket.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The port of a server that has nothing behind its gates but a 200. */
async function serve(settings: Partial<HostOriginSettings> = {}): Promise<number> {
  const app = express();
  app.use(
    createHostOriginChecks({
      listen: { host: '127.0.0.1', port: 8888 },
      advertiseUrls: [],
      allowedHosts: [],
      corsOrigins: [],
      ...settings,
    }),
  );
  app.use((_req, res) => {
    res.end('passed');
  });
  const onError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
    if (error instanceof GatewayError) {
      res.status(error.status).set(error.headers).json({ code: error.code, hint: error.hint });
    } else {
      next(error);
    }
  };
  app.use(onError);
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function askAs(
  headers: readonly string[],
  {
    settings = {},
    line = 'GET /v1/kv/a',
  }: { settings?: Partial<HostOriginSettings>; line?: string } = {},
): Promise<RawResponse> {
  const port = await serve(settings);
  const own = headers.map((header) => header.replaceAll('PORT', String(port)));
  return sendRaw(port, `${line} HTTP/1.1\r\n${[...own, 'Connection: close'].join('\r\n')}\r\n\r\n`);
}

function codeOf(answer: RawResponse): unknown {
  return (JSON.parse(answer.body) as { code: unknown }).code;
}

describe('the Host gate', () => {
  it.each([
    'localhost',
    'LOCALHOST:8888',
    'localhost.',
    'localhost:1',
    '127.0.0.1',
    '127.0.0.1:8888',
    '10.1.2.3:80',
    '[::1]',
    '[::1]:8888',
    '[2001:db8::7]:80',
  ])('passes Host %s without any setting', async (host) => {
    expect((await askAs([`Host: ${host}`])).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:8888', 'localhost.evil.example', '127.1', 'gateway'])(
    'S6: answers 421 to Host %s',
    async (host) => {
      const answer = await askAs([`Host: ${host}`]);
      expect(answer.status).toBe(421);
      expect(codeOf(answer)).toBe('misdirected-request');
    },
  );

  it.each([
    'localhost:80@evil.example',
    'user@localhost',
    'localhost:80:80',
    'localhost:99999',
    'localhost:8x',
    'localhost/..',
    '[::1',
    '[::g]',
    '[127.0.0.1]',
    'local host',
    '',
  ])('S6: answers 400 to the tricky Host %j', async (host) => {
    const answer = await askAs([`Host: ${host}`]);
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('invalid-request');
  });

  it('names the setting in the hint of 421', async () => {
    const answer = await askAs(['Host: gateway']);
    expect(answer.body).toContain('--allowed-hosts (LATCHKEY_ALLOWED_HOSTS)');
  });

  it.each(['gateway', 'GateWay:8888', 'a.svc.cluster.local', 'a.b.svc.cluster.local'])(
    'passes Host %s when the settings name it',
    async (host) => {
      const settings = { allowedHosts: ['gateway', '*.svc.cluster.local'] };
      expect((await askAs([`Host: ${host}`], { settings })).status).toBe(200);
    },
  );

  it.each(['svc.cluster.local', 'evilsvc.cluster.local', 'x.gateway'])(
    'answers 421 to Host %s, which only resembles a name of the settings',
    async (host) => {
      const settings = { allowedHosts: ['gateway', '*.svc.cluster.local'] };
      expect((await askAs([`Host: ${host}`], { settings })).status).toBe(421);
    },
  );

  it('passes the advertised host and the host that it listens on', async () => {
    const settings = {
      advertiseUrls: ['https://latchkey.example'],
      listen: { host: 'box.lan', port: 8888 },
    };
    expect((await askAs(['Host: latchkey.example'], { settings })).status).toBe(200);
    expect((await askAs(['Host: box.lan:8888'], { settings })).status).toBe(200);
  });

  it('passes every name when the settings say *', async () => {
    expect((await askAs(['Host: what.ever'], { settings: { allowedHosts: ['*'] } })).status).toBe(
      200,
    );
  });

  it('S6: answers 400 to two Host headers, whichever comes first', async () => {
    expect((await askAs(['Host: localhost', 'Host: evil.example'])).status).toBe(400);
    expect((await askAs(['Host: localhost', 'hOST: localhost'])).status).toBe(400);
  });

  it('S6: passes HTTP/1.0 without Host', async () => {
    const port = await serve();
    expect((await sendRaw(port, 'GET / HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('judges the Host of HTTP/1.0 when there is one', async () => {
    const port = await serve();
    expect((await sendRaw(port, 'GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n')).status).toBe(421);
  });

  it.each(['/livez', '/readyz', '/readyz?verbose'])('leaves %s open', async (path) => {
    const answer = await askAs(['Host: evil.example', 'Origin: http://evil.example'], {
      line: `GET ${path}`,
    });
    expect(answer.status).toBe(200);
  });

  it.each(['/livez/x', '/LIVEZ', '/x/livez'])('does not leave %s open', async (path) => {
    expect((await askAs(['Host: evil.example'], { line: `GET ${path}` })).status).toBe(421);
  });
});

describe('the request line', () => {
  it('S1: answers 400 to an absolute-form target', async () => {
    const answer = await askAs(['Host: localhost'], { line: 'GET http://evil.example/v3/kv/put' });
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('invalid-request');
  });

  it('S9: answers 400 to OPTIONS *', async () => {
    expect((await askAs(['Host: localhost'], { line: 'OPTIONS *' })).status).toBe(400);
  });

  it.each(['PATCH', 'TRACE', 'PROPFIND'])('S9: answers 405 with Allow to %s', async (method) => {
    const answer = await askAs(['Host: localhost'], { line: `${method} /v1/kv/a` });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD, PUT, POST, DELETE, OPTIONS');
  });

  it('S7: answers 400 to two Authorization headers', async () => {
    const answer = await askAs(['Host: localhost', 'Authorization: a', 'authorization: b']);
    expect(answer.status).toBe(400);
  });
});

describe('the Origin gate', () => {
  it.each(['POST', 'GET', 'DELETE', 'OPTIONS'])(
    'S11: answers 403 without CORS headers to a foreign %s',
    async (method) => {
      const answer = await askAs(['Host: localhost', 'Origin: http://evil.example'], {
        line: `${method} /v1/kv/a`,
      });
      expect(answer.status).toBe(403);
      expect(codeOf(answer)).toBe('foreign-origin');
      expect(Object.keys(answer.headers).join()).not.toContain('access-control');
    },
  );

  it('S11: answers 403 without CORS headers to the preflight of a foreign origin', async () => {
    const answer = await askAs(
      ['Host: localhost', 'Origin: http://evil.example', 'Access-Control-Request-Method: PUT'],
      { line: 'OPTIONS /v1/kv/a', settings: { corsOrigins: ['https://app.example'] } },
    );
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).join()).not.toContain('access-control');
  });

  it('names the setting in the hint of 403', async () => {
    const answer = await askAs(['Host: localhost', 'Origin: null']);
    expect(answer.body).toContain('--cors-origins (LATCHKEY_CORS_ORIGINS)');
  });

  it.each(['localhost:PORT', '127.0.0.1:PORT', '[::1]:PORT'])(
    'passes the origin that equals scheme and Host %s',
    async (host) => {
      expect((await askAs([`Host: ${host}`, `Origin: http://${host}`])).status).toBe(200);
    },
  );

  it('takes a default port for what it is', async () => {
    expect((await askAs(['Host: localhost:80', 'Origin: http://localhost'])).status).toBe(200);
  });

  it.each([
    'null',
    'http://localhost:3000',
    'https://localhost:PORT',
    'http://localhost:PORT.evil.example',
    'http://localhost:PORT@evil.example',
    'http://localhost:PORT, http://evil.example',
    'http://127.0.0.1:PORT',
    '',
  ])('takes the origin %j for a stranger at Host localhost', async (origin) => {
    expect((await askAs(['Host: localhost:PORT', `Origin: ${origin}`])).status).toBe(403);
  });

  it('takes two Origin headers for a stranger', async () => {
    const own = 'Origin: http://localhost:PORT';
    expect((await askAs(['Host: localhost:PORT', own, own])).status).toBe(403);
  });

  it('takes any origin for a stranger when HTTP/1.0 sends no Host', async () => {
    const port = await serve();
    const answer = await sendRaw(
      port,
      `GET / HTTP/1.0\r\nOrigin: http://127.0.0.1:${port}\r\n\r\n`,
    );
    expect(answer.status).toBe(403);
  });

  it('passes an advertised URL, without CORS headers', async () => {
    const settings = { advertiseUrls: ['https://latchkey.example'] };
    const answer = await askAs(['Host: localhost', 'Origin: https://latchkey.example'], {
      settings,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    [undefined, 200],
    ['none', 200],
    ['same-origin', 200],
    ['same-site', 403],
    ['cross-site', 403],
    ['nonsense', 403],
  ])('answers a request without Origin from Sec-Fetch-Site %s with %i', async (site, status) => {
    const fetchSite = site === undefined ? [] : [`Sec-Fetch-Site: ${site}`];
    // Node's fetch sends the mode alone.
    const answer = await askAs(['Host: localhost', 'Sec-Fetch-Mode: cors', ...fetchSite]);
    expect(answer.status).toBe(status);
  });

  it.each(['/', '/?resource=a', '/docs', '/docs/', '/docs/x.css', '/openapi/latchkey.yaml'])(
    'lets a link elsewhere lead to %s',
    async (path) => {
      const link = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
      expect((await askAs(['Host: localhost', ...link], { line: `GET ${path}` })).status).toBe(200);
    },
  );

  it.each([
    ['GET', '/v1/kv/a', 'navigate'],
    ['GET', '/docsx', 'navigate'],
    ['POST', '/', 'navigate'],
    ['GET', '/docs', 'no-cors'],
  ])('lets no foreign page %s %s in mode %s', async (method, path, mode) => {
    const link = ['Sec-Fetch-Site: cross-site', `Sec-Fetch-Mode: ${mode}`];
    const answer = await askAs(['Host: localhost', ...link], { line: `${method} ${path}` });
    expect(answer.status).toBe(403);
  });
});

describe('CORS for named origins', () => {
  const settings = { corsOrigins: ['https://app.example', 'http://localhost:3000'] };

  it('answers a preflight with 204 and what may be sent', async () => {
    const { status, headers, body } = await askAs(
      [
        'Host: localhost',
        'Origin: https://app.example',
        'Access-Control-Request-Method: PUT',
        'Access-Control-Request-Headers: content-type',
      ],
      { settings, line: 'OPTIONS /v1/kv/a' },
    );
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('https://app.example');
    expect(headers['access-control-allow-methods']).toContain('PUT');
    expect(headers['access-control-allow-headers']?.toLowerCase()).toContain('last-event-id');
    expect(headers['access-control-max-age']).toBe('600');
    expect(headers.vary).toContain('Origin');
    expect(body).toBe('');
  });

  it('lets a named origin read answers, as EventSource needs it', async () => {
    const headers = [
      'Host: localhost',
      'Origin: http://localhost:3000',
      'Accept: text/event-stream',
    ];
    const answer = await askAs(headers, { settings, line: 'GET /v1/watch' });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('http://localhost:3000');
    expect(answer.headers['access-control-expose-headers']).toContain('Etcd-Revision');
    expect(answer.headers.vary).toContain('Origin');
  });

  it('allows no credentials', async () => {
    const answer = await askAs(['Host: localhost', 'Origin: https://app.example'], { settings });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('passes a plain OPTIONS of a named origin on to the doors', async () => {
    const headers = ['Host: localhost', 'Origin: https://app.example'];
    const answer = await askAs(headers, { settings, line: 'OPTIONS /v1/kv/a' });
    expect(answer.status).toBe(200);
  });

  it('lets a public page that is named reach a private address', async () => {
    const headers = [
      'Host: localhost',
      'Origin: https://app.example',
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Private-Network: true',
    ];
    const answer = await askAs(headers, { settings, line: 'OPTIONS /v1/watch' });
    expect(answer.headers['access-control-allow-private-network']).toBe('true');
  });

  it('says Vary: Origin to those without an Origin too', async () => {
    expect((await askAs(['Host: localhost'], { settings })).headers.vary).toContain('Origin');
  });

  it('sends no CORS header and no Vary when no origin is named', async () => {
    const port = await serve();
    const { headers } = await sendRaw(port, request('GET /v1/kv/a', [`X-Test: 1`]));
    expect(headers.vary).toBeUndefined();
    expect(Object.keys(headers).join()).not.toContain('access-control');
  });

  it('does not open another host to a named origin', async () => {
    const answer = await askAs(['Host: evil.example', 'Origin: https://app.example'], { settings });
    expect(answer.status).toBe(421);
  });
});
