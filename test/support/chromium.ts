// A headless Chromium that is installed on the machine, for the browser tests. Nothing is downloaded.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  // Chromium has no sandbox for root, and none in most containers.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Returns the path of Chromium, or undefined if it is not installed. Throws in CI, which must have it. */
export function findChromium(): string | undefined {
  const found = CANDIDATES.find((path) => existsSync(path));
  if (found === undefined && process.env.CI === 'true') {
    throw new Error(`CI=true, and no Chromium at ${CANDIDATES.join(', ')}`);
  }
  return found;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}
