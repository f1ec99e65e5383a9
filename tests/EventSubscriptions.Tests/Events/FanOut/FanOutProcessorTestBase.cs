using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Queues;
using EventSubscriptions.Tests.Telemetry;

namespace EventSubscriptions.Tests.Events.FanOut;

public abstract class FanOutProcessorTestBase : IAsyncLifetime
{
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected LocalServices _services = null!;
    private protected FanOutProcessor _fanOut = null!;
    private protected MetricsRecorder _metrics = null!;
    private protected TraceRecorder _traces = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _metrics = MetricsRecorder.Start();
        _traces = TraceRecorder.Start();
        _fanOut = new FanOutProcessor(
            new EventArchive(_services.Flaky, Given.Protector),
            new SubscriptionIndex(Given.SubscriptionStore(_services.Flaky, _services.Time), _services.Time),
            Given.EventTypes(_services.Flaky, _services.Time),
            _services.FanOut,
            _services.Deliveries,
            _metrics.Metrics,
            _traces.Tracing,
            _services.Time
        );
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        _metrics.Dispose();
        _traces.Dispose();
        return Task.CompletedTask;
    }

    private protected static string Text(ServiceBusReceivedMessage message, string property) =>
        (string)message.ApplicationProperties[property];

    private protected ServiceBusReceivedMessage Raw(string body) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(body),
            "raw",
            sequenceNumber: 1,
            enqueuedTime: _services.Time.GetUtcNow()
        );

    private protected ServiceBusReceivedMessage Message(
        string id,
        string name = "CaseClosedEvent",
        OrganizationId? organization = null,
        params (string Name, object Value)[] properties
    ) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(
                $$$"""{"eventName":"{{{name}}}","organizationId":{{{organization ?? _organization}}},"data":{"id":"1"}}"""
            ),
            id,
            sequenceNumber: 1,
            properties: properties.ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal),
            enqueuedTime: _services.Time.GetUtcNow()
        );

    private protected Task<IReadOnlyList<Settlement>> RunAsync(params ServiceBusReceivedMessage[] messages) =>
        RunAsync(EventMessage.TryParse, messages);

    private protected Task<IReadOnlyList<Settlement>> ContinueAsync(params ServiceBusReceivedMessage[] messages) =>
        RunAsync(EventMessage.TryParseCopy, messages);

    /// <summary>Runs the worker; what it leaves to automatic completion counts as completed.</summary>
    private protected async Task<IReadOnlyList<Settlement>> RunAsync(
        MessageParser<EventMessage> parser,
        ServiceBusReceivedMessage[] messages
    )
    {
        var actions = new SettlementRecorder();
        var source = new QueueSource<EventMessage>(
            parser == EventMessage.TryParse ? QueueNames.Events : QueueNames.FanOut,
            parser,
            _services.FanOut
        );
        var run = Given.Worker(_services.Time, _metrics.Metrics).RunBatchAsync(source, messages, _fanOut.ProcessAsync, actions, default);
        while (!run.IsCompleted)
        {
            // Only for a pause: everything else is due later.
            if (_services.FanOut.Failure is not null)
            {
                _services.Time.Advance(TimeSpan.FromSeconds(1));
            }

            await Task.WhenAny(run, Task.Delay(1));
        }

        await run;
        return [.. messages.Select(actions.SettlementOf)];
    }

    private protected IReadOnlyList<ServiceBusReceivedMessage> Deliveries() => _services.Receive(QueueNames.Deliveries);

    private protected Task<string> SubscribeAsync(OrganizationId organization, params string[] events) =>
        SubscribeAsync(Given.Subscription(organization, _services.Time, events));

    private protected async Task<string> SubscribeAsync(Subscription subscription)
    {
        await Given.SubscriptionStore(_services.Tables, _services.Time).AddAsync(subscription, Given.Entry(subscription), default);
        return subscription.Id.ToString();
    }

    /// <summary>Writes the rows in batches; the store writes one at a time.</summary>
    private protected async Task SubscribeManyAsync(int count)
    {
        await SubscribeAsync(_organization);
        var table = _services.Tables.GetTableClient(TableNames.Subscriptions);
        foreach (var chunk in Enumerable.Range(1, count - 1).Chunk(100))
        {
            await table.SubmitTransactionAsync(
                chunk.Select(_ => new TableTransactionAction(
                    TableTransactionActionType.Add,
                    SubscriptionRow.Make(Given.Subscription(_organization, _services.Time), Given.Protector)
                ))
            );
        }
    }
}
