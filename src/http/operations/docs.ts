// The documentation: Swagger UI at /docs with a selection of the three documents, and the documents themselves under /openapi.
// Only these pages need a content security policy that lets a browser run scripts.
import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import swaggerUi from 'swagger-ui-express';
import type { SwaggerUiOptions } from 'swagger-ui-express';
import { parse } from 'yaml';
import { GatewayError } from '../../core/errors.js';
import { DOCUMENT_NAMES } from '../contract/openapi-files.js';
import type { DocumentName } from '../contract/openapi-files.js';

export interface DocsRouterDeps {
  /** The YAML texts from `readDocumentTexts`. */
  readonly documents: Readonly<Record<DocumentName, string>>;
}

const TITLES: Readonly<Record<DocumentName, string>> = {
  latchkey: 'Latchkey: keys and locks as plain JSON',
  'etcd-v2': 'etcd v2',
  'etcd-v3': 'etcd v3 (raw)',
};

/** The files that the page needs. swagger-ui-dist has others, including a page that loads a document from another site. */
const ASSETS: readonly string[] = [
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-standalone-preset.js',
  '/swagger-ui-init.js',
  '/favicon-16x16.png',
  '/favicon-32x32.png',
];

const STYLE = `
.swagger-ui .markdown pre, .swagger-ui .renderedMarkdown pre { max-width: 100%; overflow-x: auto; white-space: pre }
.swagger-ui .renderedMarkdown table { display: block; max-width: 100%; overflow-x: auto }
.swagger-ui .opblock-tag small { min-width: 0 }
@media (max-width: 640px) {
  .swagger-ui .opblock-tag { flex-wrap: wrap }
  .swagger-ui .opblock-tag small { flex: 1 1 100%; max-width: 100%; padding: 0 }
  .swagger-ui .opblock-summary-path { max-width: 100% }
  .swagger-ui table { display: block; max-width: 100%; overflow-x: auto }
}
.swagger-ui .renderedMarkdown code { overflow-wrap: anywhere }
`;

const UI_OPTIONS: SwaggerUiOptions = {
  customSiteTitle: 'Latchkey API',
  customCss: STYLE,
  explorer: true,
  // swagger-ui-express 5.0.1 would load the document in `?url=`. Pinned by test/browser/docs.test.ts.
  swaggerUrl: documentPath('latchkey'),
  swaggerOptions: {
    urls: DOCUMENT_NAMES.map((name) => ({ name: TITLES[name], url: documentPath(name) })),
    // This page has the gateway's origin, so `?url=` and `?configUrl=` must not load a document of another site.
    queryConfigEnabled: false,
    // Without requests to a validator on the internet.
    validatorUrl: null,
    persistAuthorization: false,
    tryItOutEnabled: true,
    docExpansion: 'list',
    operationsSorter: lastMarkedLast,
    responseInterceptor: shortenCommonErrors,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
  },
};

/** Returns the routes `/docs`, `/docs/…` and `/openapi/NAME.yaml|json`. Mount it without a path. */
export function createDocsRouter({ documents }: DocsRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const headers = securityHeaders();
  router.get('/docs', headers, (_req, res) => {
    // The page refers to its files by relative paths, so it needs the slash. The redirect is relative too, for proxies that add a path.
    res.redirect('docs/');
  });
  router.get('/docs/', headers, swaggerUi.setup(undefined, UI_OPTIONS));
  router.all(['/docs', '/docs/'], rejectMethod);
  router.use('/docs', onlyAssets, headers, swaggerUi.serveFiles(undefined, UI_OPTIONS));
  router.get('/openapi/:file', createDocumentHandler(documents));
  router.all('/openapi/:file', rejectMethod);
  return router;
}

interface PageResponse {
  readonly url: string;
  text: string;
}

/**
 * Runs in the page, so it must not use anything outside itself. Shows errors that are alike for all operations by their descriptions
 * alone: with fifteen equal examples an operation is thousands of pixels tall and takes seconds to open.
 */
function shortenCommonErrors(response: PageResponse): PageResponse {
  if (!response.url.endsWith('/openapi/latchkey.json')) return response;
  const document = JSON.parse(response.text) as {
    components: { responses: Record<string, { content?: unknown; headers?: unknown }> };
  };
  const common =
    /^(InvalidRequest|Unauthenticated|Forbidden|MethodNotAllowed|NotAcceptable|RequestTooSlow|TooLarge|UnsupportedMediaType|MisdirectedRequest|TooManyRequests|InternalError|EtcdRefused|Unavailable|DeadlineExceeded)$/;
  for (const [name, each] of Object.entries(document.components.responses)) {
    if (!common.test(name)) continue;
    delete each.content;
    delete each.headers;
  }
  response.text = JSON.stringify(document);
  return response;
}

interface ListedOperation {
  getIn(path: readonly string[]): unknown;
}

/** Runs in the page, so it must not use anything outside itself. Keeps the order of the document otherwise. */
function lastMarkedLast(a: ListedOperation, b: ListedOperation): number {
  const path = ['operation', 'x-latchkey-last'];
  return Number(a.getIn(path) === true) - Number(b.getIn(path) === true);
}

function documentPath(name: DocumentName): string {
  return `/openapi/${name}.json`;
}

function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Swagger UI sets style attributes, swagger-ui issue 5817.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Browsers warn about these three on plain HTTP.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    // "Execute" must send its Origin, which no-referrer can turn into null.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}

const onlyAssets: RequestHandler = (req, _res, next) => {
  if (ASSETS.includes(req.path)) next();
  else next('router');
};

const rejectMethod: RequestHandler = () => {
  throw new GatewayError('method-not-allowed', {
    hint: 'use GET, HEAD',
    headers: { Allow: 'GET, HEAD' },
  });
};

interface ServedDocument {
  readonly type: string;
  readonly text: string;
  readonly etag: string;
}

function createDocumentHandler(documents: DocsRouterDeps['documents']): RequestHandler {
  const served = new Map<string, ServedDocument>();
  const find = (file: string): ServedDocument | undefined => {
    const cached = served.get(file);
    if (cached !== undefined) return cached;
    const created = createServedDocument(documents, file);
    if (created !== undefined) served.set(file, created);
    return created;
  };
  return (req, res, next) => {
    const document = find(String(req.params.file));
    if (document === undefined) next('router');
    else sendDocument(req, res, document);
  };
}

function createServedDocument(
  documents: DocsRouterDeps['documents'],
  file: string,
): ServedDocument | undefined {
  const name = DOCUMENT_NAMES.find((each) => file === `${each}.yaml` || file === `${each}.json`);
  if (name === undefined) return undefined;
  const isJson = file.endsWith('.json');
  const text = isJson ? JSON.stringify(parse(documents[name])) : documents[name];
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { type: isJson ? 'application/json' : 'application/yaml', text, etag: `"${digest}"` };
}

function sendDocument(req: Request, res: Response, document: ServedDocument): void {
  res.setHeader('ETag', document.etag);
  // Caches must revalidate, because the next version of the gateway may have another document.
  res.setHeader('Cache-Control', 'no-cache');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  if (req.fresh) {
    res.statusCode = 304;
    res.end();
    return;
  }
  res.setHeader('Content-Type', document.type);
  res.end(document.text);
}
