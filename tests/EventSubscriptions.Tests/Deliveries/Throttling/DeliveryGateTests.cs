using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Destinations;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class DeliveryGateTests : IAsyncLifetime
{
    private static readonly DeliveryError s_refused = new(ErrorKind.Connect, "Refused.");

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private TableServiceClient _tables = null!;
    private Subscription _subscription = null!;

    public async Task InitializeAsync()
    {
        _tables = await new LocalStores().ConnectAsync();
        _subscription = Given.Subscription(_organization, _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Breaker_has_one_entry_when_it_opens_and_one_when_it_closes()
    {
        var gate = Gate();
        var passes = new List<GatePass>();
        for (var i = 0; i < 16; i++)
        {
            passes.Add(await Enter(gate));
        }

        foreach (var pass in passes)
        {
            await Leave(gate, pass, s_refused);
        }

        Assert.Equal(1, gate.OpenBreakers);
        Assert.Null((await gate.EnterAsync(_subscription, postponements: 0, default)).Pass);
        _clock.Advance(new DeliveriesOptions().ProbeInterval);
        await Leave(gate, await Enter(gate), s_refused);
        _clock.Advance(new DeliveriesOptions().ProbeInterval);
        await Leave(gate, await Enter(gate), error: null);
        await Leave(gate, await Enter(gate), error: null);

        Assert.Equal(0, gate.OpenBreakers);
        var entries = await Entries();
        Assert.Equal(["breaker.closed", "breaker.opened"], entries.Select(entry => entry.Type));
        Assert.Equal("connect", entries[1].Error?.Kind);
        Assert.Null(entries[0].Error);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task Breaker_opens_when_the_addresses_are_forbidden_but_not_when_the_URL_is(bool isUrl, int open)
    {
        var gate = Gate();
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
        {
            var result = new DeliveryResult
            {
                At = _clock.GetUtcNow(),
                Duration = default,
                Error = new(ErrorKind.Forbidden, "No."),
                IsUrlForbidden = isUrl,
            };
            await gate.LeaveAsync(await Enter(gate), _subscription, result, cooldownUntil: null, default);
        }

        Assert.Equal(open, gate.OpenBreakers);
    }

    [Fact]
    public async Task Long_cooldown_applies_to_other_instances_until_the_subscription_is_changed()
    {
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(10);
        var gate = Gate();
        await Leave(gate, await Enter(gate), error: null, until);

        var other = Gate();
        Assert.InRange(
            (await other.EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            until,
            until + TimeSpan.FromSeconds(1)
        );

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var changed = _subscription with { UpdatedAt = _clock.GetUtcNow() };
        Assert.NotNull((await Gate().EnterAsync(changed, postponements: 0, default)).Pass);
        Assert.NotNull((await other.EnterAsync(changed, postponements: 0, default)).Pass);
    }

    [Fact]
    public async Task Longer_cooldown_is_kept_when_a_shorter_one_starts()
    {
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(10);
        var (gate, another) = (Gate(), Gate());
        var (pass, shorter) = (await Enter(gate), await Enter(another));
        await Leave(gate, pass, error: null, until);
        await Leave(another, shorter, error: null, until - TimeSpan.FromMinutes(5));

        Assert.InRange(
            (await Gate().EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            until,
            until + TimeSpan.FromSeconds(1)
        );
    }

    [Fact]
    public async Task Cooldown_replaces_a_shorter_one_and_one_from_before_a_change()
    {
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(10);
        var shorter = until - TimeSpan.FromMinutes(5);
        List<(DeliveryGate Gate, GatePass Pass)> entered = [];
        for (var i = 0; i < 3; i++)
        {
            var gate = Gate();
            entered.Add((gate, await Enter(gate)));
        }

        await Leave(entered[0].Gate, entered[0].Pass, error: null, shorter);
        await Leave(entered[1].Gate, entered[1].Pass, error: null, until);
        Assert.InRange(
            (await Gate().EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            until,
            until + TimeSpan.FromSeconds(1)
        );

        _subscription = _subscription with { UpdatedAt = _subscription.UpdatedAt.AddMilliseconds(1) };
        await Leave(entered[2].Gate, entered[2].Pass, error: null, shorter);
        Assert.InRange(
            (await Gate().EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            shorter,
            shorter + TimeSpan.FromSeconds(1)
        );
    }

    [Fact]
    public async Task Cooldown_is_stored_when_another_instance_stores_one_at_the_same_time()
    {
        var steps = new Steps();
        steps.Fail($"write {TableNames.Subscriptions}", times: 1, new RequestFailedException(412, "Changed."));
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(10);
        var gate = Gate(new RecordingTables(_tables, steps));

        await Leave(gate, await Enter(gate), error: null, until).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.InRange(
            (await Gate().EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            until,
            until + TimeSpan.FromSeconds(1)
        );
    }

    [Fact]
    public async Task Cooldown_is_deleted_with_its_subscription()
    {
        var store = Given.SubscriptionStore(_tables, _clock);
        _subscription = await store.AddAsync(_subscription, Given.Entry(_subscription), default);
        var gate = Gate();
        await Leave(gate, await Enter(gate), error: null, _clock.GetUtcNow() + TimeSpan.FromMinutes(10));
        Assert.True(await HasRest());

        Assert.True(await store.DeleteAsync(_subscription, Given.Entry(_subscription), default));

        Assert.False(await HasRest());

        async Task<bool> HasRest() =>
            (
                await _tables
                    .GetTableClient(TableNames.Subscriptions)
                    .GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), $"r:{_subscription.Id}")
            ).HasValue;
    }

    [Fact]
    public async Task Stored_cooldown_is_ignored_when_it_began_in_the_future()
    {
        var (gate, another) = (Gate(), Gate());
        var (pass, later) = (await Enter(gate), await Enter(another));
        await Leave(gate, pass, error: null, _clock.GetUtcNow() + TimeSpan.FromMinutes(10));
        _clock.Jump(-TimeSpan.FromHours(1));

        await Enter(Gate());
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(5);
        await Leave(another, later, error: null, until).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange(
            (await Gate().EnterAsync(_subscription, postponements: 0, default)).PostponeUntil,
            until,
            until + TimeSpan.FromSeconds(1)
        );
    }

    [Fact]
    public async Task Short_cooldown_is_not_stored()
    {
        var gate = Gate();
        await Leave(gate, await Enter(gate), error: null, _clock.GetUtcNow() + DeliveryGate.LongCooldown);

        Assert.Null((await gate.EnterAsync(_subscription, postponements: 0, default)).Pass);
        await Enter(Gate());
    }

    [Fact]
    public async Task Gates_without_state_are_removed_when_there_are_many()
    {
        var gate = Gate();
        for (var i = 0; i < 3_000; i++)
        {
            _subscription = Given.Subscription(_organization, _clock);
            await Leave(gate, await Enter(gate), error: null);
        }

        Assert.InRange(gate.Count, 1, 1_025);
    }

    private DeliveryGate Gate(TableServiceClient? tables = null) =>
        new(tables ?? _tables, new AuditLog(_tables, _clock), new ShortRetry(_clock), new DeliveriesOptions(), _clock);

    private async Task<GatePass> Enter(DeliveryGate gate)
    {
        var decision = await gate.EnterAsync(_subscription, postponements: 1, default);
        return decision.Pass ?? throw new InvalidOperationException($"It was held until {decision.PostponeUntil:O}.");
    }

    private Task Leave(DeliveryGate gate, GatePass pass, DeliveryError? error, DateTimeOffset? cooldownUntil = null)
    {
        var result = new DeliveryResult
        {
            At = _clock.GetUtcNow(),
            Duration = TimeSpan.FromMilliseconds(5),
            StatusCode = error is null ? 200 : null,
            Error = error,
        };
        return gate.LeaveAsync(pass, _subscription, result, cooldownUntil, default);
    }

    private async Task<IReadOnlyList<AuditEntryResponse>> Entries() =>
        (
            await new AuditLog(_tables, _clock).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;
}
