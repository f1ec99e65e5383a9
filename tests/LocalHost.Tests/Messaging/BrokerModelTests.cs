using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

/// <summary>Long random runs, compared step by step with the simplest thing that could be right.</summary>
public sealed class BrokerModelTests
{
    private readonly List<Entry> _model = [];
    private readonly Dictionary<string, ReceivedMessage> _held = new(StringComparer.Ordinal);
    private int _sent;
    private long _lastPlace;

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(2, 1000)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 5)]
    [InlineData(171, 1)]
    public async Task Queue_behaves_like_the_model(int seed, int readAhead)
    {
        var random = new Random(seed);
        var broker = new TestBroker(TestBroker.Small, readAhead);
        var crashed = new List<TestBroker>();
        for (var step = 0; step < 600; step++)
        {
            switch (random.Next(20))
            {
                case < 6:
                    await SendAsync(broker, random);
                    break;
                case < 11:
                    Receive(broker, random);
                    break;
                case < 14:
                    await SettleAsync(broker, random, broker.Queue.CompleteAsync, entry => _model.Remove(entry));
                    break;
                case < 16:
                    await SettleAsync(broker, random, token => broker.Queue.AbandonAsync(token), Free);
                    break;
                case < 17:
                    await SettleAsync(
                        broker,
                        random,
                        token => broker.Queue.DeadLetterAsync(token, "r", null),
                        entry => entry.State = State.Dead
                    );
                    break;
                case < 19:
                    await AdvanceAsync(broker, TimeSpan.FromSeconds(random.Next(120)));
                    break;
                default:
                    // Everything has been acknowledged, so nothing may be missing.
                    await broker.FlushAsync();
                    crashed.Add(broker);
                    broker = random.Next(2) == 0 ? broker.Crash() : broker.Restart();
                    await broker.FlushAsync();
                    foreach (var entry in _model.Where(entry => entry.State == State.Held))
                    {
                        Free(entry);
                    }

                    _held.Clear();
                    break;
            }
        }

        await AdvanceAsync(broker, TimeSpan.FromDays(1));
        Assert.Equal(Expected(State.Ready, 10_000), TestBroker.Bodies(broker.Receive(10_000)));
        // What was found to be delivered too often when it was read is dead-lettered in the background.
        await broker.FlushAsync();
        var dead = broker.DeadLetters.Receive(10_000);
        Assert.Equal(
            _model.Where(entry => entry.State == State.Dead).Select(entry => entry.Body).Order(StringComparer.Ordinal),
            TestBroker.Bodies(dead).Order(StringComparer.Ordinal)
        );
        Assert.All(dead, message => Assert.NotNull(message.DeadLetterReason));
        broker.Dispose();
        crashed.ForEach(past => past.Dispose());
    }

    private async Task SendAsync(TestBroker broker, Random random)
    {
        var messages = Enumerable
            .Range(0, random.Next(1, 4))
            .Select(_ => TestBroker.Message($"{_sent++}-{new string('x', random.Next(200))}"))
            .ToArray();
        foreach (var message in messages)
        {
            var entry = new Entry(TestBroker.Body(message));
            if (random.Next(4) == 0)
            {
                message.ScheduledEnqueueTime = entry.Due = broker.Time.GetUtcNow().AddSeconds(random.Next(1, 200));
                entry.State = State.Scheduled;
            }
            _model.Add(entry);
        }
        foreach (var entry in _model.TakeLast(messages.Length))
        {
            entry.Place = ++_lastPlace;
        }

        Assert.Equal(_lastPlace, await broker.SendAsync("plain", messages));
    }

    private void Receive(TestBroker broker, Random random)
    {
        var max = random.Next(1, 5);
        var expected = Expected(State.Ready, max);
        var received = broker.Receive(max);
        Assert.Equal(expected, TestBroker.Bodies(received));
        foreach (var message in received)
        {
            var entry = Find(message);
            Assert.Equal(++entry.Deliveries, message.DeliveryCount);
            entry.State = State.Held;
            entry.Until = message.LockedUntil;
            Assert.Equal(entry.Place, message.SequenceNumber);
            _held[entry.Body] = message;
        }
    }

    private async Task SettleAsync(TestBroker broker, Random random, Func<Guid, ValueTask> settle, Action<Entry> apply)
    {
        if (_held.Count == 0)
        {
            return;
        }

        var message = _held.Values.ElementAt(random.Next(_held.Count));
        _held.Remove(TestBroker.Body(message));
        await settle(message.LockToken);
        apply(Find(message));
        await broker.FlushAsync();
    }

    private async Task AdvanceAsync(TestBroker broker, TimeSpan by)
    {
        broker.Time.Advance(by);
        var now = broker.Time.GetUtcNow();
        foreach (var entry in _model.Where(entry => entry.State == State.Held && entry.Until <= now))
        {
            _held.Remove(entry.Body);
            Free(entry);
        }
        foreach (
            var entry in _model
                .Where(entry => entry.State == State.Scheduled && entry.Due <= now)
                .OrderBy(entry => entry.Due)
                .ThenBy(entry => entry.Place)
        )
        {
            entry.State = State.Ready;
            entry.Place = ++_lastPlace;
        }
        await broker.FlushAsync();
    }

    private static void Free(Entry entry) => entry.State = entry.Deliveries >= TestBroker.Plain.MaxDeliveryCount ? State.Dead : State.Ready;

    private string[] Expected(State state, int max) =>
        [.. _model.Where(entry => entry.State == state).OrderBy(entry => entry.Place).Take(max).Select(entry => entry.Body)];

    private Entry Find(ReceivedMessage message) => _model.Single(entry => entry.Body == TestBroker.Body(message));

    private enum State
    {
        Ready,
        Scheduled,
        Held,
        Dead,
    }

    private sealed class Entry(string body)
    {
        public string Body { get; } = body;

        public State State { get; set; }

        public DateTimeOffset Due { get; set; }

        public DateTimeOffset Until { get; set; }

        public long Place { get; set; }

        public int Deliveries { get; set; }
    }
}
