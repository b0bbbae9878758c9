// The official archive, served from loopback: what is right is unpacked, everything else ends in time with a reason.
import { readFile, readdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fetched } from '../../../src/embedded/cache.js';
import {
  DOWNLOAD_LIMITS,
  OFFICIAL_RELEASE,
  fetchRelease,
  releaseUrl,
} from '../../../src/embedded/release.js';
import type { DownloadLimits, Release } from '../../../src/embedded/release.js';
import { testPath } from '../../support/etcd-versions.js';
import { archivePath, packRelease, pin, serve, temporaryFolder } from '../../support/fake-etcd.js';

const SHORT_MS = 150;

async function fetchFrom(
  baseUrl: string,
  release: Release,
  limits: Partial<DownloadLimits> = {},
): Promise<Fetched & { folder: string }> {
  const folder = join(await temporaryFolder(), 'work');
  const fetched = await fetchRelease({
    baseUrl,
    release,
    limits: { ...DOWNLOAD_LIMITS, ...limits },
    folder,
    path: testPath(),
  });
  return { ...fetched, folder };
}

function sends(archive: Buffer): RequestListener {
  return (_request, response) => response.end(archive);
}

describe('the release archive', () => {
  it('is pinned for Linux on both architectures', () => {
    expect(Object.keys(OFFICIAL_RELEASE.digests)).toEqual(['linux-amd64', 'linux-arm64']);
    for (const digest of Object.values(OFFICIAL_RELEASE.digests)) {
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('is asked for by version and platform below the base URL', async () => {
    const { release } = await packRelease('3.6.99');
    expect(releaseUrl('https://mirror.example/etcd/', release)).toMatch(
      /^https:\/\/mirror\.example\/etcd\/v3\.6\.99\/etcd-v3\.6\.99-[a-z0-9]+-[a-z0-9]+\.tar\.gz$/,
    );
  });

  it('gives etcdctl where that is asked for', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const fetched = await fetchRelease({
      program: 'etcdctl',
      baseUrl: await serve(sends(archive)),
      release,
      limits: DOWNLOAD_LIMITS,
      folder: join(await temporaryFolder(), 'work'),
      path: testPath(),
    });
    expect(fetched).toMatchObject({ kind: 'fetched', file: expect.stringMatching(/\/etcdctl$/) });
    if (fetched.kind === 'fetched')
      expect(await readFile(fetched.file, 'utf8')).toBe('#!/bin/sh\n');
  });

  it('is unpacked when its digest is the pinned one', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const paths: (string | undefined)[] = [];
    const baseUrl = await serve((request, response) => {
      paths.push(request.url);
      response.end(archive);
    });
    const fetched = await fetchFrom(baseUrl, release);
    expect(paths).toEqual([archivePath(release)]);
    expect(fetched.kind === 'fetched' && (await readFile(fetched.file, 'utf8'))).toContain(
      '3.6.99',
    );
  });

  it('is not unpacked when its digest is another', async () => {
    const { archive } = await packRelease('3.6.99');
    const release = pin('3.6.99', Buffer.from('something else'));
    const fetched = await fetchFrom(await serve(sends(archive)), release);
    expect(fetched).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(
        /^its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}: not unpacked$/,
      ),
    });
    expect(await readdir(fetched.folder)).toEqual(['etcd.tar.gz']);
  });

  it('is not looked for where no digest is known', async () => {
    const release = { version: '3.6.99', digests: { 'plan9-mips': 'x' } };
    expect(await fetchFrom('http://127.0.0.1:1', release)).toMatchObject({
      reason: expect.stringMatching(/^no digest of a release for .* is known$/),
    });
  });

  it('is found behind a redirect', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const store = await serve(sends(archive));
    const baseUrl = await serve((_request, response) =>
      response.writeHead(302, { location: `${store}/somewhere?signed=1` }).end(),
    );
    expect(await fetchFrom(baseUrl, release)).toMatchObject({ kind: 'fetched' });
  });
});

describe('fetching the release archive gives up', () => {
  it('after a chain of redirects', async () => {
    const { release } = await packRelease('3.6.99');
    const baseUrl = await serve((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    expect(await fetchFrom(baseUrl, release)).toMatchObject({ reason: 'more than 5 redirects' });
  });

  it('when the server has no such file', async () => {
    const { release } = await packRelease('3.6.99');
    const baseUrl = await serve((_request, response) => response.writeHead(404).end('gone'));
    expect(await fetchFrom(baseUrl, release)).toMatchObject({
      reason: `${new URL(baseUrl).host} returned status 404`,
    });
  });

  it('when nobody listens', async () => {
    const { release } = await packRelease('3.6.99');
    expect(await fetchFrom('http://127.0.0.1:1', release)).toMatchObject({
      reason: 'the connection was refused (ECONNREFUSED)',
    });
  });

  it('when the server does not respond', async () => {
    const { release } = await packRelease('3.6.99');
    const baseUrl = await serve(() => undefined);
    expect(await fetchFrom(baseUrl, release, { headersMs: SHORT_MS })).toMatchObject({
      reason: 'no response within 0.15 s',
    });
  });

  it('when the server hangs in the middle', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 10));
    });
    expect(await fetchFrom(baseUrl, release, { idleMs: SHORT_MS })).toMatchObject({
      reason: 'nothing more arrived for 0.15 s',
    });
  });

  it('when the server drips for too long', async () => {
    const { release } = await packRelease('3.6.99');
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(drip));
    });
    expect(await fetchFrom(baseUrl, release, { totalMs: SHORT_MS })).toMatchObject({
      reason: 'not finished within 0.15 s',
    });
  });

  it('when the connection is cut in the middle', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 10), () => response.destroy());
    });
    expect(await fetchFrom(baseUrl, release)).toMatchObject({
      reason: 'the connection was closed (ECONNRESET)',
    });
  });

  it('when the archive is larger than it may be', async () => {
    const { archive, release } = await packRelease('3.6.99');
    const fetched = fetchFrom(await serve(sends(archive)), release, { bytesMax: 20 });
    expect(await fetched).toMatchObject({ reason: 'it is larger than 20 bytes' });
  });
});
