using System.Diagnostics.CodeAnalysis;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Queues;

public sealed class QueueWorkerTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);
    private static readonly QueueSource<Parsed> s_source = new("events", Parsed.TryParse, PostponeTo: null!);

    private readonly Actions _actions = new();

    /// <summary>The message must not be processed again because the host stops.</summary>
    [Theory]
    [InlineData("good", "completed")]
    [InlineData("malformed", "dead-lettered")]
    public async Task Message_is_settled_when_the_host_stops_while_it_is_processed(string id, string settled)
    {
        using var stopping = new CancellationTokenSource();
        if (id == "malformed")
        {
            await stopping.CancelAsync();
        }

        await Given
            .Worker(new TestClock(s_now))
            .RunAsync(
                s_source,
                Received(id),
                async (_, _) =>
                {
                    await stopping.CancelAsync();
                    return Settlement.Completed;
                },
                _actions,
                stopping.Token
            );

        Assert.Equal([settled], _actions.Taken);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task Wait_on_the_queue_is_measured_at_the_first_delivery_only(int deliveryCount, int measurements)
    {
        using var metrics = MetricsRecorder.Start();

        await Given
            .Worker(new TestClock(s_now), metrics.Metrics)
            .RunAsync(s_source, Received("good", deliveryCount), (_, _) => Task.FromResult(Settlement.Completed), _actions, default);

        Assert.Equal(measurements, metrics.All.Count(measurement => measurement.Instrument.Name == "event_subscriptions.queue.wait"));
    }

    private static ServiceBusReceivedMessage Received(string id, int deliveryCount = 1) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(messageId: id, deliveryCount: deliveryCount, enqueuedTime: s_now.AddSeconds(-1));

    private sealed class Parsed : IQueueMessage
    {
        public int Postponements => 0;

        public static bool TryParse(
            ServiceBusReceivedMessage received,
            [NotNullWhen(true)] out Parsed? message,
            [NotNullWhen(false)] out Settlement.DeadLetter? malformed
        )
        {
            var isGood = received.MessageId == "good";
            message = isGood ? new Parsed() : null;
            malformed = isGood ? null : new(DeadLetterReason.MalformedEvent, "It is malformed.");
            return isGood;
        }

        public ServiceBusMessage ToPostponed(DateTimeOffset until) => new();
    }

    /// <summary>Like the real ones, these settle nothing after they are cancelled.</summary>
    private sealed class Actions : ServiceBusMessageActions
    {
        public List<string> Taken { get; } = [];

        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            Take("completed", cancellationToken);

        public override Task DeadLetterMessageAsync(
            ServiceBusReceivedMessage message,
            Dictionary<string, object>? propertiesToModify = default,
            string? deadLetterReason = default,
            string? deadLetterErrorDescription = default,
            CancellationToken cancellationToken = default
        ) => Take("dead-lettered", cancellationToken);

        private Task Take(string settled, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Taken.Add(settled);
            return Task.CompletedTask;
        }
    }
}
