// The real binary on a fresh data folder.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.PHASEGATE_BINARY ?? join(__dirname, '../../target/release/phasegate');

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    private readonly data: string,
    readonly url: string,
    readonly email: string,
    readonly password: string,
    readonly clientKey: string,
    readonly serverToken: string,
  ) {}

  /** Starts the binary and reads the credentials that a first start prints. */
  static async start(variables: Record<string, string> = {}): Promise<Server> {
    const data = await mkdtemp(join(tmpdir(), 'phasegate-'));
    const child = spawn(BINARY, ['serve', '--demo', '--listen', '127.0.0.1:0', '--data', join(data, 'data')], {
      cwd: data,
      env: { PATH: process.env.PATH, ...variables },
    });
    let said = '';
    const printed = (name: string) => said.match(new RegExp(`^\\s+${name}\\s+(\\S+)$`, 'm'))?.[1];
    await new Promise<void>((ready, failed) => {
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('phasegate is ready')) ready();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', failed);
      child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
    });
    const names = ['address', 'e-mail', 'password', 'client key', 'server token'];
    const [address, email, password, key, token] = names.map(printed);
    if (!address || !email || !password || !key || !token) throw new Error(`the first start printed no login:\n${said}`);
    return new Server(child, data, new URL(address).origin, email, password, key, token);
  }

  /** Calls the API of the first environment, and throws if it fails. A PUT first reads the resource
   *  for its ETag, which the server requires. */
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const url = `${this.url}/api/v1/projects/default/environments/production${path}`;
    const authorization = `Bearer ${this.serverToken}`;
    const read = method === 'PUT' ? await fetch(url, { headers: { authorization } }) : undefined;
    await read?.body?.cancel();
    const tag = path === '/rollout/commands' ? '*' : read?.ok ? read.headers.get('etag') : null;
    const response = await fetch(url, {
      method,
      headers: { authorization, 'content-type': 'application/json', ...(tag && { 'if-match': tag }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Starts the rollout and advances it to a phase. */
  async advanceTo(phase: number): Promise<void> {
    for (let next = 1; next <= phase; next += 1) {
      const command = next === 1 ? 'start' : 'advance';
      await this.api('POST', '/rollout/commands', { command, reason: 'Verified by hand' });
    }
  }

  /** Returns the count of a custom event in the last hour. */
  async counted(name: string): Promise<number> {
    const { items } = await this.api('GET', '/events');
    return items.find((event: { name: string }) => event.name === name)?.count ?? 0;
  }

  /** Runs the command line on this server's data folder, and returns what it prints. */
  command(...args: string[]): string {
    return execFileSync(BINARY, [...args, '--data', join(this.data, 'data')], { encoding: 'utf8' });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.removeAllListeners('exit');
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await ended;
    await rm(this.data, { recursive: true, force: true });
  }
}
