// Proxies in front of a server, configured as PROXY.md says, without TLS.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from './fixtures';

export type Proxy = { url: string; stop: () => Promise<void> };

/** Starts a proxy in front of a server. */
type Start = (upstream: string) => Promise<Proxy>;

/** A proxy's program, its arguments, and its files by name. */
type Program = { command: string; args: string[]; files: Record<string, string> };

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((done) => socket.listen(0, '127.0.0.1', done));
  const { port } = socket.address() as AddressInfo;
  await new Promise((done) => socket.close(done));
  return port;
}

/** Starts a program in a folder of its own and waits until it passes requests on. */
async function start(program: (folder: string, port: number) => Program): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  const port = await freePort();
  const { command, args, files } = program(folder, port);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group, so that its workers end with it.
    detached: true,
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += chunk));
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const failed = new Promise<never>((_, fail) => {
    child.on('error', fail);
    void ended.then((code) => fail(new Error(`${command} ended with ${code}: ${said}`)));
  });
  failed.catch(() => {});
  const url = `http://127.0.0.1:${port}`;
  const answers = () => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false);
  await Promise.race([failed, expect.poll(answers, { message: said }).toBe(true)]);
  const stop = async () => {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

/** A proxy, started a second time on another port if another process took the first one. */
const proxy = (program: (upstream: string, folder: string, port: number) => Program): Start => (upstream) => {
  const once = () => start((folder, port) => program(upstream, folder, port));
  return once().catch(once);
};

/** With `proxy_pass` only; the server is also at the path `/flags/`. */
const nginx = proxy((upstream, folder, port) => {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  return {
    command: '/usr/sbin/nginx',
    args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
    files: {
      'nginx.conf': `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
        events {} http { access_log off; ${temporary.join(' ')}
          server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; }
            location /flags/ { proxy_pass ${upstream}/; } } }`,
    },
  };
});

const caddy = proxy((upstream, folder, port) => ({
  command: '/usr/bin/caddy',
  args: ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')],
  files: {
    Caddyfile: `{
      admin off
    }
    http://127.0.0.1:${port} {
      reverse_proxy ${new URL(upstream).host}
    }`,
  },
}));

const traefik = proxy((upstream, folder, port) => ({
  command: process.env.TRAEFIK ?? 'traefik',
  args: [`--entrypoints.web.address=127.0.0.1:${port}`, `--providers.file.filename=${folder}/rules.yml`, '--log.level=ERROR',
    '--global.checknewversion=false', '--global.sendanonymoususage=false'],
  files: {
    'rules.yml': `http:
  routers:
    phasegate:
      rule: Host(\`127.0.0.1\`)
      service: phasegate
  services:
    phasegate:
      loadBalancer:
        servers:
          - url: ${upstream}
`,
  },
}));

/** With compression as Debian configures it. */
const apache = proxy((upstream, folder, port) => ({
  command: '/usr/sbin/apache2',
  args: ['-D', 'FOREGROUND', '-f', join(folder, 'apache.conf')],
  files: {
    'apache.conf': `ServerName 127.0.0.1
      ServerRoot ${folder}
      PidFile ${folder}/pid
      DefaultRuntimeDir ${folder}
      ErrorLog "||/bin/cat"
      User www-data
      Group www-data
      Listen 127.0.0.1:${port}
      ${['mpm_event', 'authz_core', 'filter', 'deflate', 'headers', 'proxy', 'proxy_http'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
      AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css text/javascript application/javascript
      <VirtualHost *:${port}>
        ProxyPreserveHost On
        RequestHeader set X-Forwarded-Proto http
        ProxyPass / ${upstream}/ flushpackets=on timeout=120
        ProxyPassReverse / ${upstream}/
      </VirtualHost>`,
  },
}));

export const PROXIES = { nginx, caddy, traefik, apache };
