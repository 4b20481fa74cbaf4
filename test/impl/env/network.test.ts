/** Links: order, pools of continuations, timeouts, resets, cuts, losses (repl 3.2). */
import { describe, expect, it } from 'vitest';
import { reply, task } from '../../../impl/env/contract.ts';
import { type Decision, type Echo, fixture } from './fixture.ts';

const X = { command: 'x', args: [] };

describe('calls', () => {
  it('reach the handler and come back', () => {
    const { within, echo } = fixture();
    within('a', (e) => e.ask('b', 'hello'));
    expect(echo('b').notes).toEqual(['100 cli hello from a']);
    expect(echo('a').notes).toEqual(['200 hello: ERR_OK hello']);
  });

  it('resume in the pool of the task that called, with the call\'s hash', () => {
    const { world, echo, idle } = fixture({ workers: 1 });
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'ask', 'b', 'hello', 1000, 5));
    world.at(0.1, () => world.occupyPool('a', 'THREAD_POOL_REPLICATION_LONG', 1, 10, false));
    world.run({ untilUs: 5000 });
    expect(world.waiting().tasks).toEqual([
      {
        node: 'a',
        owner: 'Echo',
        ahead: 0,
        pool: 'THREAD_POOL_REPLICATION_LONG',
        code: 'RPC_CLI_CLI_CALL',
        method: 'onAnswer',
        hash: 5,
        state: 'queued',
        dueUs: 5000,
      },
    ]);
    idle();
    // The first task took 200 us, the background work 10 ms behind it.
    expect(echo('a').notes).toEqual(['10200 hello: ERR_OK hello']);
  });

  it('keep their order on a link, also when the first is late', () => {
    let first = true;
    const { within, echo, world } = fixture({
      rule: ({ point, what }) => {
        if (point !== 'link.delay' || !what.endsWith('/request') || !first) return undefined;
        first = false;
        return 5000;
      },
    });
    within('a', (e) => {
      e.ask('b', 'one');
      e.ask('b', 'two');
    });
    expect(echo('b').notes).toEqual(['5100 cli one from a', '5100 cli two from a']);
    expect(world.faultEffects().get('link.delay')).toBe(1);
  });

  it('end with ERR_TIMEOUT once, and a late reply is dropped', () => {
    const { within, echo, world, trace } = fixture();
    echo('b').holding = true;
    within('a', (e) => e.ask('b', 'slow', 20));
    expect(echo('a').notes).toEqual(['20000 slow: ERR_TIMEOUT']);
    within('b', (e) => {
      for (const replier of e.kept) replier.reply({ error: 'ERR_OK', output: 'late' });
    });
    expect(echo('a').texts).toEqual(['slow: ERR_TIMEOUT']);
    expect(trace.lines.filter((line) => line.includes('delivered b a'))).toEqual([]);
    expect(world.waiting().calls).toEqual([]);
  });

  it('answer once only', () => {
    const { within, echo, world, trace } = fixture();
    echo('b').holding = true;
    const twice = (e: Echo): void => {
      e.kept[0]?.refuse('ERR_BUSY');
      e.kept[0]?.reply({ error: 'ERR_OK', output: 'again' });
    };
    world.at(1, () => world.post('b', 'LPC_CLIENT', 0, task(echo('b'), 'inside', twice)));
    within('a', (e) => e.ask('b', 'q', 50));
    expect(echo('a').texts).toEqual(['q: ERR_BUSY']);
    expect(trace.lines.filter((line) => line.includes('sent b a'))).toHaveLength(1);
  });

  it('fail at a node that is down or unknown, and at a code that nobody serves', () => {
    const { world, within, echo } = fixture();
    world.stopNode('b', 'crash');
    within('a', (e) => {
      e.ask('b', 'down');
      e.ask('nowhere', 'unknown');
      e.env.rpc.call('a', 'RPC_CM_LIST_APPS', {}, { hash: 0, timeoutMs: 100 }, reply(e, 'onAnswer', 'unserved'));
    });
    expect(echo('a').texts.toSorted()).toEqual(
      ['down: ERR_NETWORK_FAILURE', 'unknown: ERR_NETWORK_FAILURE', 'unserved: ERR_HANDLER_NOT_FOUND'],
    );
    expect(world.nowUs()).toBeLessThan(2000);
  });

  it('carry refusals as errors without a body', () => {
    const { within, echo, world, idle } = fixture();
    echo('b').holding = true;
    const refuse = (e: Echo): void => e.kept[0]?.refuse('ERR_BUSY');
    world.at(1, () => world.post('b', 'LPC_CLIENT', 0, task(echo('b'), 'inside', refuse)));
    within('a', (e) => e.ask('b', 'q'));
    idle();
    expect(echo('a').texts).toEqual(['q: ERR_BUSY']);
  });

  it('can be cancelled before and after the reply came back', () => {
    const { within, echo, world } = fixture({ workers: 1 });
    within('a', (e) => {
      const ask = (): { cancel(): void } =>
        e.env.rpc.call('b', 'RPC_CLI_CLI_CALL', X, { hash: 0, timeoutMs: 10 }, reply(e, 'onAnswer', 'x'));
      ask().cancel();
      const call = ask();
      // The reply is in the queue behind this task's worker when the second hop cancels it.
      e.env.tasks.post('LPC_QUERY_CONFIGURATION_ALL', 0, 0, task(e, 'work', 'busy', 1000));
      e.env.tasks.post('LPC_REPLICATION_LOW', 0, 0.5, task(e, 'inside', () => call.cancel()));
    });
    expect(echo('a').texts).toEqual(['busy']);
    expect(world.waiting().calls).toEqual([]);
  });
});

describe('a handler that has spent time', () => {
  const spendAndAsk = (e: Echo): void => {
    e.env.tasks.charge(50_000);
    e.ask('b', 'late');
  };

  it('sends when it got that far, and holds up nobody else on the link', () => {
    const { world, echo, idle } = fixture();
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'inside', spendAndAsk));
    world.at(1, () => world.post('a', 'LPC_CLIENT', 0, task(echo('a'), 'ask', 'b', 'soon', 1000, 0)));
    idle();
    expect(echo('b').notes).toEqual(['1100 cli soon from a', '50100 cli late from a']);
  });

  it('sends nothing when its process ends before', () => {
    const { world, echo, idle, trace } = fixture();
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'inside', spendAndAsk));
    world.at(1, () => world.stopNode('a', 'crash'));
    idle();
    expect(trace.lines.filter((line) => line.includes('sent'))).toEqual([]);
    expect(world.nowUs()).toBe(1000);
    expect(world.waiting().calls).toEqual([]);
  });

  it('sends later by as long as its process was paused', () => {
    const { world, echo, idle } = fixture();
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'inside', spendAndAsk));
    world.at(1, () => world.pauseNode('a', 30));
    idle();
    expect(echo('b').notes).toEqual(['80100 cli late from a']);
  });

  it('is not hit by a reset that comes before it sends', () => {
    const { world, echo, idle } = fixture();
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'inside', spendAndAsk));
    world.at(1, () => world.resetSession('a', 'b'));
    idle();
    expect(echo('a').texts).toEqual(['late: ERR_OK late']);
    expect(world.faultEffects().get('link.reset')).toBeUndefined();
  });
});

describe('sessions', () => {
  it('lose everything under way at a reset, and both sides hear of it', () => {
    const { world, echo, idle } = fixture({ nodes: ['a', 'b', 'c'] });
    echo('b').holding = true;
    for (const [from, to] of [['a', 'b'], ['b', 'a'], ['c', 'b']] as const) {
      world.post(from, 'LPC_CLIENT', 0, task(echo(from), 'ask', to, `${from}${to}`, 500, 0));
    }
    world.at(0.05, () => world.resetSession('a', 'b'));
    const answer = (e: Echo): void => e.kept[0]?.reply({ error: 'ERR_OK', output: 'ok' });
    world.at(10, () => world.post('b', 'LPC_CLIENT', 0, task(echo('b'), 'inside', answer)));
    idle();
    expect(echo('a').notes).toEqual(['150 ab: ERR_NETWORK_FAILURE']);
    expect(echo('b').texts).toEqual(['cli cb from c', 'ba: ERR_NETWORK_FAILURE']);
    expect(echo('c').texts).toEqual(['cb: ERR_OK ok']);
    expect(world.faultEffects().get('link.reset')).toBe(1);
  });

  it('reset by chance as a message is sent: it and all before it are lost', () => {
    const { within, echo, world } = fixture({
      rule: ({ point, number }) => (point === 'link.reset' && number === 7 ? 1 : undefined),
    });
    within('a', (e) => {
      e.ask('b', 'before');
      const options = { hash: 0, timeoutMs: 10, decree: 7, gpid: '1.0' };
      e.env.rpc.call('b', 'RPC_CLI_CLI_CALL', X, options, reply(e, 'onAnswer', 'x'));
      e.ask('b', 'after');
    });
    expect(echo('a').texts.toSorted()).toEqual([
      'after: ERR_OK after',
      'before: ERR_NETWORK_FAILURE',
      'x: ERR_NETWORK_FAILURE',
    ]);
    expect(echo('b').texts).toEqual(['cli after from a']);
    expect(world.faultEffects().get('link.reset')).toBe(1);
  });

  it('break when a process dies; the peer hears of it and the dead one hears nothing', () => {
    const { world, echo, idle, lives } = fixture();
    echo('b').holding = true;
    world.post('a', 'LPC_CLIENT', 0, task(echo('a'), 'ask', 'b', 'q', 60_000, 0));
    world.post('b', 'LPC_CLIENT', 0, task(echo('b'), 'ask', 'a', 'r', 60_000, 0));
    world.at(0.15, () => {
      world.stopNode('b', 'crash');
      world.startNode('b');
    });
    idle();
    expect(echo('a').texts).toEqual(['cli r from b', 'q: ERR_NETWORK_FAILURE']);
    expect(lives.get('b')?.map((life) => life.texts)).toEqual([['cli q from a'], []]);
    expect(world.nowUs()).toBeLessThan(10_000);
  });

  it('cut one way: requests pass and replies are lost until the link is restored', () => {
    const { world, echo, idle, within } = fixture();
    world.cutLink('b', 'a');
    within('a', (e) => e.ask('b', 'one', 30));
    expect(echo('b').texts).toEqual(['cli one from a']);
    expect(echo('a').notes).toEqual(['30000 one: ERR_TIMEOUT']);
    world.post('a', 'LPC_CLIENT', 0, task(echo('a'), 'ask', 'b', 'two', 1000, 0));
    world.at(5, () => world.restoreLink('b', 'a'));
    idle();
    within('a', (e) => e.ask('b', 'three'));
    expect(echo('a').texts).toEqual(['one: ERR_TIMEOUT', 'two: ERR_NETWORK_FAILURE', 'three: ERR_OK three']);
    expect(world.faultEffects().get('link.cut')).toBe(2);
  });

  it('cut takes what is under way', () => {
    const { world, echo, idle } = fixture();
    world.post('a', 'LPC_CLIENT', 0, task(echo('a'), 'ask', 'b', 'one', 30, 0));
    world.at(0.05, () => world.cutLink('a', 'b'));
    idle();
    expect(echo('b').texts).toEqual([]);
    expect(echo('a').texts).toEqual(['one: ERR_TIMEOUT']);
  });

  it('lose a reply after the effect', () => {
    const rule = ({ point }: Decision): number | undefined => (point === 'link.reply-lost' ? 1 : undefined);
    const { within, echo, world, chance } = fixture({ rule });
    within('a', (e) => e.ask('b', 'one', 30));
    expect(echo('b').texts).toEqual(['cli one from a']);
    expect(echo('a').texts).toEqual(['one: ERR_TIMEOUT']);
    expect(world.faultEffects().get('link.reply-lost')).toBe(1);
    const asked = chance.asked.filter(({ point }) => point === 'link.reply-lost');
    expect(asked.map(({ where, what }) => [where, what])).toEqual([['b>a', 'RPC_CLI_CLI_CALL/reply']]);
  });
});

describe('strict bodies', () => {
  it('are frozen when they leave', () => {
    const { within, trace } = fixture();
    const request = { command: 'x', args: [] as string[] };
    within('a', (e) => {
      e.env.rpc.tell('b', 'RPC_CLI_CLI_CALL', request, { hash: 0 });
      request.args.push('changed');
    });
    expect(trace.lines.filter((line) => line.includes('stopped a check TypeError'))).toHaveLength(1);
  });

  it('end the sender who writes into bytes under way', () => {
    const { within, trace, world } = fixture();
    const mutation = new Uint8Array([1, 2, 3]);
    const status = 'PS_SECONDARY' as const;
    const config = { gpid: '1.0', ballot: 1, primary: 'a', status, learnerSignature: 0, popAll: false };
    within('a', (e) => {
      e.env.rpc.tell('b', 'RPC_PREPARE', { config, mutation }, { hash: 0 });
      mutation[0] = 9;
    });
    expect(trace.lines.some((line) => line.includes('stopped a check bytes of RPC_PREPARE tell changed'))).toBe(true);
    expect(world.isUp('a')).toBe(false);
  });
});
