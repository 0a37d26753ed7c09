// The analytics page, from real batches: exposure, use and retention.
import { expect, test } from './fixtures';

const DAY = 86_400_000;
const FLAG = 'ENHANCED_EXERCISE_LIBRARY';

test('adoption, retention, sessions, tasks and feedback are counted by user', async ({ admin: page, server }) => {
  await page.goto('/admin/analytics');
  await expect(page.getByText('No active users in this period')).toBeVisible();
  await server.advanceTo(2);
  let batches = 0;
  // Delivered late, so that each event counts on its own day.
  const send = async (who: string, daysAgo: number, variant: string, events: object[]) => {
    const id = `b${(batches += 1)}`;
    const body = { v: 1, batch: id, session: `${who}-${daysAgo}`, visitor: who, exposed: { [FLAG]: variant }, events };
    const answer = await fetch(`${server.url}/collect?key=${server.clientKey}&held=${daysAgo * DAY}`, { method: 'POST', body: JSON.stringify(body) });
    const receipt: any = await answer.json();
    expect(receipt.rejected).toBeUndefined();
    expect(receipt.accepted).toBe(events.length);
  };
  const seen = (variant: string) => [{ t: 'view', page: '/' }, { t: 'exposure', flag: FLAG, variant }];
  const use = { t: 'use', flag: FLAG };
  for (let n = 0; n < 10; n += 1) {
    const [who, variant] = [`user-${n}`, n < 6 ? 'on' : 'off'];
    await send(who, 3, variant, [...seen(variant), ...(n < 3 ? [use] : [])]);
    // Half of the users with the flag on return on the next day, and one of those with it off.
    if (n < 3 || n === 6) await send(who, 2, variant, [...seen(variant), ...(n === 0 ? [use, { t: 'error', message: 'Boom', severity: 'critical' }] : [])]);
  }
  await send('user-0', 1, 'on', [
    { t: 'task', name: 'workout', outcome: 'started' },
    { t: 'task', name: 'workout', outcome: 'completed', value: 5_000_000 },
    { t: 'task', name: 'workout', outcome: 'started' },
    { t: 'custom', name: 'signed_up' },
    { t: 'engaged', flag: FLAG, value: 90_000_000 },
    { t: 'feedback', kind: 'nps', score: 10 },
    { t: 'feedback', kind: 'nps', score: 3 },
    { t: 'feedback', kind: 'rating', rating: 4 },
  ]);

  await page.goto('/admin/analytics?range=7d');
  await expect(page.getByTestId('users').getByTestId('value')).toHaveText('10');
  const cells = page.getByTestId('adoption').locator('tbody tr').filter({ hasText: FLAG }).locator('td');
  await expect(cells).toHaveText(['6', '3', '50 %', '1', '67 %', /90|1\.5|1 min/, /.+/]);
  await expect(page.getByTestId('day-1')).toHaveText('40 %');
  await expect(page.getByTestId('sessions')).toContainText('Sessions15');
  await expect(page.getByTestId('sessions')).toContainText('With a critical error7 %');
  await expect(page.getByTestId('tasks').locator('tbody td')).toHaveText(['2', '1', '0', '50 %']);
  await expect(page.getByTestId('feedback')).toContainText('4.0 of 5');
  await expect(page.getByTestId('feedback')).toContainText('+0');
  await expect(page.getByTestId('events')).toContainText('signed_up');

  await page.getByLabel('Compare retention by').selectOption(FLAG);
  await page.getByRole('button', { name: 'Apply filters' }).click();
  const arms = page.getByTestId('arm');
  await expect(arms).toHaveCount(2);
  await expect(arms.nth(0)).toContainText(`Treatment: ${FLAG} on`);
  await expect(arms.nth(0).getByTestId('day-1')).toHaveText('50 %');
  await expect(arms.nth(1).getByTestId('day-1')).toHaveText('25 %');
});
