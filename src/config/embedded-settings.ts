// The settings of embedded etcd.
import { parseBaseUrl, parseLoopbackPort } from './address.js';
import { setting } from './setting.js';
import { parseOptionalPath } from './values.js';

export const EMBEDDED = {
  etcdBin: setting({
    env: 'LATCHKEY_ETCD_BIN',
    flag: 'etcd-bin',
    placeholder: 'PATH',
    default: '',
    defaultNote: 'found, else downloaded',
    parse: parseOptionalPath,
    describe: 'etcd program for embedded etcd',
  }),
  dataDir: setting({
    env: 'LATCHKEY_DATA_DIR',
    flag: 'data-dir',
    placeholder: 'PATH',
    default: '.latchkey/',
    parse: (text: string) => text,
    describe: 'folder for the data, log and downloaded program of embedded etcd',
  }),
  etcdListen: setting({
    env: 'LATCHKEY_ETCD_LISTEN',
    flag: 'etcd-listen',
    placeholder: 'HOST:PORT',
    default: '',
    defaultNote: 'a unix socket',
    parse: parseLoopbackPort,
    describe:
      'loopback address and port of embedded etcd; web pages on this machine can then write to it',
  }),
  etcdDownloadUrl: setting({
    env: 'LATCHKEY_ETCD_DOWNLOAD_URL',
    flag: 'etcd-download-url',
    placeholder: 'URL',
    default: 'https://github.com/etcd-io/etcd/releases/download',
    parse: parseBaseUrl,
    describe: 'base URL of the etcd release archives for embedded etcd',
  }),
} as const;
