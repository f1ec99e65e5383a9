using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Health;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Health;

public sealed class HealthChecksTests : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private LocalServices _services = null!;

    public async Task InitializeAsync() => _services = await LocalServices.StartAsync();

    public Task DisposeAsync()
    {
        _services.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task App_is_healthy_when_its_tables_and_queues_respond() =>
        Assert.Equal((true, true), await CheckAsync(await CreateAsync(_services.Tables, _services.Bus)));

    [Fact]
    public async Task Check_ends_within_3_seconds_when_clients_ignore_cancellation()
    {
        var checks = await CreateAsync(new SilentTables(), new SilentBus());
        var check = CheckAsync(checks);

        _clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(check.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal((false, false), await check.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task Tables_are_unhealthy_until_they_are_created()
    {
        using var creation = NewCreation();
        var checks = new HealthChecks(_services.Tables, creation, _services.Bus, _clock, NullLogger<HealthChecks>.Instance);
        Assert.Equal((false, true), await CheckAsync(checks));

        await creation.StartingAsync(default);

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((true, true), await CheckAsync(checks));
    }

    [Fact]
    public async Task Result_is_at_most_2_seconds_old()
    {
        var bus = new PeekedBus();
        var checks = await CreateAsync(_services.Tables, bus);
        Assert.Equal((true, true), await CheckAsync(checks));
        bus.Failure = new ServiceBusException("gone", ServiceBusFailureReason.ServiceCommunicationProblem);

        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal((true, true), await CheckAsync(checks));
        Assert.Equal(1, bus.Peeks);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((true, false), await CheckAsync(checks));
        Assert.Equal(2, bus.Peeks);
    }

    private TableCreation NewCreation() =>
        new(
            _services.Tables,
            new SecretCanary(_services.Tables, Given.Protector),
            new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance),
            _clock,
            NullLogger<TableCreation>.Instance
        );

    private async Task<HealthChecks> CreateAsync(TableServiceClient tables, ServiceBusClient bus)
    {
        var creation = NewCreation();
        await creation.StartingAsync(default);
        return new HealthChecks(tables, creation, bus, _clock, NullLogger<HealthChecks>.Instance);
    }

    private static async Task<(bool Tables, bool Queues)> CheckAsync(HealthChecks checks)
    {
        var results = await checks.GetAsync(default);
        return (results["tables"], results["queues"]);
    }

    private sealed class PeekedBus : ServiceBusClient
    {
        public int Peeks { get; private set; }

        public Exception? Failure { get; set; }

        public override ServiceBusReceiver CreateReceiver(string queueName) => new Receiver(this);

        private sealed class Receiver(PeekedBus bus) : ServiceBusReceiver
        {
            public override Task<ServiceBusReceivedMessage> PeekMessageAsync(
                long? fromSequenceNumber = null,
                CancellationToken cancellationToken = default
            )
            {
                bus.Peeks++;
                return bus.Failure is null
                    ? Task.FromResult<ServiceBusReceivedMessage>(null!)
                    : Task.FromException<ServiceBusReceivedMessage>(bus.Failure);
            }
        }
    }
}
