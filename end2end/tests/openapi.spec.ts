// The OpenAPI document against the API: every operation is called, and every response matches its
// schema.
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { expect, test } from './fixtures';
import type { Server } from './server';

type Operation = { responses: Record<string, { content?: Record<string, { schema: object }> }> };
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } };

const METHODS = ['get', 'post', 'put', 'delete'];

/** Calls operations and validates each response. */
class Checked {
  private readonly called = new Set<string>();
  private constructor(private readonly server: Server, private readonly document: Document, private readonly ajv: Ajv2020) {}

  static async of(server: Server): Promise<Checked> {
    const document: Document = await (await fetch(`${server.url}/api/v1/openapi.json`)).json();
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    for (const format of ['int32', 'int64', 'uint16', 'uint8', 'double']) ajv.addFormat(format, true);
    ajv.addSchema(document, 'document');
    return new Checked(server, document, ajv);
  }

  /** Returns the operations that were not called. */
  missing(): string[] {
    const all = Object.entries(this.document.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => `${method} ${path}`));
    return all.filter((operation) => !this.called.has(operation));
  }

  /** Calls an operation. `path` is relative to the environments, with its parameters filled in. */
  async call(method: string, path: string, body?: unknown, status = 0): Promise<any> {
    const url = `/api/v1/projects/default/environments${path}`;
    const authorization = `Bearer ${this.server.serverToken}`;
    const headers = { authorization, 'content-type': 'application/json', ...((/put|delete/.test(method) || url.includes('/commands')) && { 'if-match': '*' }) };
    const response = await fetch(this.server.url + url, { method: method.toUpperCase(), headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    const pathname = url.split('?')[0];
    const templates = Object.keys(this.document.paths).filter((template) => new RegExp(`^${template.replace(/{[^}]+}/g, '[^/]+')}$`).test(pathname));
    // The most specific one: the fewest parameters.
    const template = templates.sort((a, b) => a.split('{').length - b.split('{').length).find((found) => this.document.paths[found][method]);
    expect(template, `${method} ${url} is in the document`).toBeTruthy();
    if (status === 0) this.called.add(`${method} ${template}`);
    expect(status === 0 ? response.ok : response.status === status, `${method} ${url}: ${response.status} ${text}`).toBe(true);
    const { responses } = this.document.paths[template!][method];
    const promised = responses[response.status] ?? responses[`${Math.floor(response.status / 100)}XX`];
    expect(promised, `${method} ${url}: ${response.status} is promised`).toBeTruthy();
    const kind = response.headers.get('content-type')?.split(';')[0];
    if (!text) return undefined;
    expect(promised.content, `${method} ${url}: a body is promised`).toHaveProperty([kind!]);
    if (!kind!.endsWith('json')) return text;
    const escape = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');
    const key = responses[response.status] ? String(response.status) : `${Math.floor(response.status / 100)}XX`;
    const pointer = ['paths', template!, method, 'responses', key, 'content', kind!, 'schema'].map(escape).map(encodeURIComponent).join('/');
    const value = JSON.parse(text);
    const validate = this.ajv.compile({ $ref: `document#/${pointer}` });
    validate(value);
    const wrong = (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
    expect(wrong, `${method} ${url}: ${text.slice(0, 400)}`).toEqual([]);
    return value;
  }
}

const SEGMENT = { key: 'vip', name: 'VIP', condition: { all: [{ attribute: 'plan', operator: 'equals', value: 'pro' }, { not: { in_segment: 'internal' } }] } };
const FLAG = {
  key: 'PROMISED', kind: 'float', tags: ['a'], default_variant: 'low', off_variant: 'low',
  variants: [{ name: 'low', value: 1 }, { name: 'high', value: 2.5 }],
  prerequisites: [{ flag: 'ENHANCED_EXERCISE_LIBRARY', variants: ['on'] }],
  rules: [{ name: 'VIP', condition: { in_segment: 'vip' }, variant: 'high', share: 50 }],
};

test('every operation matches the OpenAPI document', async ({ server }) => {
  const api = await Checked.of(server);
  const here = (path: string) => `/production${path}`;

  await api.call('post', '', { key: 'staging', name: 'Staging' });
  await api.call('get', '');
  await api.call('get', '/staging');
  await api.call('put', '/staging', { key: 'testing', name: 'Testing' });
  const file = await api.call('get', '/testing/file');
  await api.call('put', '/testing/file?dry_run=true', file);
  await api.call('delete', '/testing?confirm=nothing', undefined, 422);
  await api.call('delete', '/testing?confirm=testing');

  await api.call('post', here('/segments'), SEGMENT);
  await api.call('post', here('/segments'), { ...SEGMENT, condition: {} }, 422);
  await api.call('post', here('/flags'), FLAG);
  await api.call('post', here('/flags'), FLAG, 409);
  await api.call('get', here('/segments'));
  await api.call('get', here('/segments/vip'));
  await api.call('put', here('/segments/vip'), { ...SEGMENT, name: 'Very important' });
  await api.call('delete', here('/segments/vip'), undefined, 409);
  await api.call('get', here('/flags?q=PROM&tag=a'));
  const flag = await api.call('get', here('/flags/PROMISED'));
  await api.call('put', here('/flags/PROMISED'), { ...flag, owner: 'olga' });
  for (const act of ['off', 'on', 'kill', 'revive']) await api.call('post', here(`/flags/PROMISED/${act}`));
  const override = { flag: 'PROMISED', targeting_key: 'ada', variant: 'high', expires_at: '2199-01-01T00:00:00Z' };
  await api.call('post', here('/overrides'), override);
  await api.call('get', here('/overrides'));
  await api.call('get', here('/overrides/PROMISED/ada'));
  await api.call('put', here('/overrides/PROMISED/ada'), { ...override, variant: 'low' });
  await api.call('delete', here('/overrides/PROMISED/ada'));
  await api.call('delete', here('/flags/PROMISED'));
  await api.call('delete', here('/segments/vip'));

  const made = await api.call('post', here('/client-keys'), { name: 'Shop', allowed_origins: ['https://shop.example.com'] });
  await api.call('get', here('/client-keys'));
  await api.call('get', here(`/client-keys/${made.key}`));
  await api.call('put', here(`/client-keys/${made.key}`), { name: 'The shop', allowed_origins: [] });
  await api.call('delete', here(`/client-keys/${made.key}`));
  const token = await api.call('post', here('/tokens'), { name: 'ci', scopes: ['read'] });
  await api.call('get', here('/tokens'));
  await api.call('get', here(`/tokens/${token.id}`));
  await api.call('put', here(`/tokens/${token.id}`), { name: 'build', scopes: ['read', 'write'] });
  await api.call('delete', here(`/tokens/${token.id}`));

  await api.call('put', here('/collection-settings'), await api.call('get', here('/collection-settings')));
  await api.call('put', here('/retention-policy'), await api.call('get', here('/retention-policy')));
  const { toml } = await api.call('get', here('/rollout/plan'));
  const revised = toml.replace('"v2.0"', '"v2.1"').replace('minimum_days = 3', 'minimum_days = 4');
  await api.call('put', here('/rollout/plan?dry_run=true'), { toml: revised });
  await api.call('put', here('/rollout/plan'), { toml: revised });
  await api.call('post', here('/rollout/commands'), { command: 'start', reason: 'A trial' });
  await api.call('post', here('/rollout/record'), { kind: 'tick', item: 'All code reviewed and approved' });
  await api.call('post', here('/rollout/record'), { kind: 'sign_off', statement: 'All core features functional', holds: true });

  const events = [
    { t: 'view', page: '/' }, { t: 'custom', name: 'bought', props: { plan: 'pro' } }, { t: 'vital', page: '/', name: 'LCP', value: 900_000 },
    { t: 'exposure', flag: 'ENHANCED_EXERCISE_LIBRARY', variant: 'on' }, { t: 'use', flag: 'ENHANCED_EXERCISE_LIBRARY' },
    { t: 'error', page: '/', message: 'Boom' }, { t: 'feedback', page: '/', kind: 'rating', rating: 4, message: 'Good' },
    { t: 'timing', kind: 'api', name: 'search', value: 20_000 }, { t: 'use', flag: 'NOPE' },
  ];
  const batch = { v: 1, batch: 'b', session: 's', visitor: 'v', user: 'ada', segments: 'internal', exposed: { ENHANCED_EXERCISE_LIBRARY: 'on' }, events };
  const sent = await fetch(`${server.url}/collect?key=${server.clientKey}`, { method: 'POST', body: JSON.stringify(batch) });
  expect(sent.status).toBe(202);
  await expect.poll(() => server.counted('bought')).toBe(1);
  await api.call('get', here('/rollout'));
  await api.call('get', here('/rollout/review'));
  await api.call('get', here('/events'));
  await api.call('get', here('/maintenance'));
  await api.call('get', here('/performance?by=page'));
  await api.call('get', here('/analytics?flag=ENHANCED_EXERCISE_LIBRARY'));
  await api.call('get', here('/analytics?range=never'), undefined, 422);
  await api.call('get', here('/users/ada'));
  await api.call('delete', here('/users/ada'));
  await api.call('get', here('/audit?limit=100'));
  await api.call('delete', here('/simulation'));
  expect(api.missing(), 'every operation was called').toEqual([]);
});
