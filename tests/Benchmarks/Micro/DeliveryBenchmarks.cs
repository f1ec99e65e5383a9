using Azure.Messaging.ServiceBus;
using BenchmarkDotNet.Attributes;
using EventSubscriptions;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;

namespace Benchmarks.Micro;

/// <summary>What is done for each delivery besides sending it.</summary>
[MemoryDiagnoser]
public class DeliveryBenchmarks
{
    private static readonly DateTimeOffset s_now = new(2025, 1, 28, 12, 0, 0, TimeSpan.Zero);
    private readonly Random _random = new(1);
    private readonly RetrySchedule _schedule = new(DeliveriesOptions.DefaultRetrySchedule);
    private readonly byte[] _payload = new byte[400];
    private readonly SigningSecrets _secrets = SigningSecrets.New();
    private readonly DeliveryMessage _delivery;
    private readonly DeliveryResult _success = new()
    {
        At = s_now,
        Duration = TimeSpan.FromMilliseconds(3),
        StatusCode = 200,
    };
    private readonly DeliveryResult _failure = new()
    {
        At = s_now,
        Duration = TimeSpan.FromMilliseconds(3),
        StatusCode = 500,
    };

    public DeliveryBenchmarks()
    {
        _ = OrganizationId.TryFrom(1, out var organization);
        _ = EventId.TryParse("evt_01jkz5w8x9y7v6t5s4r3q2p1n0", out var eventId);
        _delivery = new DeliveryMessage
        {
            OrganizationId = organization,
            SubscriptionId = SubscriptionId.New(TimeProvider.System),
            EventId = eventId,
            EventName = EventName.Parse("CaseClosedEvent"),
            Payload = _payload,
        };
    }

    /// <summary>With the hash that is its <c>MessageId</c>.</summary>
    [Benchmark]
    public ServiceBusMessage Write_delivery_message() => _delivery.ToServiceBusMessage();

    [Benchmark]
    public string? Sign_with_one_secret() => WebhookSignature.Of("evt_01jkz5w8x9y7v6t5s4r3q2p1n0", s_now, _payload, _secrets);

    [Benchmark]
    public DeliveryDecision Decide_on_a_success() => ResponsePolicy.Decide(_success, 1, _schedule, s_now, _random);

    [Benchmark]
    public DeliveryDecision Decide_on_a_failure() => ResponsePolicy.Decide(_failure, 1, _schedule, s_now, _random);

    [Benchmark]
    public TimeSpan? Wait_with_jitter() => _schedule.WaitAfter(3, _random);
}
