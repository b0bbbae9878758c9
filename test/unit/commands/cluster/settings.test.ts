import { describe, expect, it } from 'vitest';
import { parseClusterSettings } from '../../../../src/commands/cluster/settings.js';

describe('the settings of npm run cluster', () => {
  it('have the defaults of the documentation', () => {
    expect(parseClusterSettings([])).toMatchObject({
      kind: 'run',
      settings: {
        clientPorts: [2379, 2389, 2399],
        peerPorts: [2380, 2390, 2400],
        listen: '127.0.0.1:8888',
        etcdBin: undefined,
        gatewayArgs: [],
      },
    });
  });

  it('can all be set, and what stands behind -- is for the gateway', () => {
    const argv = [
      '--client-ports=1,2,3',
      '--peer-ports',
      '4, 5, 6',
      '--listen=127.0.0.1:9',
      '--data-dir=/d',
    ];
    const rest = [
      '--cache-dir=/c',
      '--etcd-bin=/e',
      '--etcd-download-url=http://m',
      '--',
      '--log-level',
      'debug',
    ];
    expect(parseClusterSettings([...argv, ...rest])).toEqual({
      kind: 'run',
      settings: {
        clientPorts: [1, 2, 3],
        peerPorts: [4, 5, 6],
        listen: '127.0.0.1:9',
        dataDir: '/d',
        cacheDir: '/c',
        etcdBin: '/e',
        etcdDownloadUrl: 'http://m',
        gatewayArgs: ['--log-level', 'debug'],
      },
    });
  });

  it('are refused with all mistakes at once', () => {
    expect(
      parseClusterSettings(['--client-ports=1,2', '--peer-ports=7,7,8', '--listen=here']),
    ).toEqual({
      kind: 'errors',
      problems: [
        "--client-ports: '1,2' is not 3 ports from 1 to 65535",
        '--client-ports and --peer-ports: a port is used twice',
        "--listen: 'here' is not HOST:PORT",
      ],
    });
  });

  it.each(['0,2,3', '1,2,65536', '1,2,x', '1,2,3,4', '', '-1,2,3', '1e1,2,3'])(
    'refuse the ports %s',
    (ports) => {
      expect(parseClusterSettings([`--client-ports=${ports}`])).toMatchObject({ kind: 'errors' });
    },
  );

  it('refuse what they do not know', () => {
    expect(parseClusterSettings(['--members=5'])).toEqual({
      kind: 'errors',
      problems: ["Unknown option '--members'"],
    });
  });

  it('name every flag in their help', () => {
    const result = parseClusterSettings(['--help']);
    for (const flag of [
      'client-ports',
      'peer-ports',
      'listen',
      'data-dir',
      'cache-dir',
      'etcd-bin',
      'etcd-download-url',
    ]) {
      expect(result).toMatchObject({ kind: 'help', text: expect.stringContaining(`--${flag} `) });
    }
  });
});
