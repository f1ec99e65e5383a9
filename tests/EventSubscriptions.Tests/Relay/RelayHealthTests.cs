using Azure;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Relay;

/// <summary>Relay in the response of the health check.</summary>
public sealed class RelayHealthTests : RelayPollerTestBase
{
    [Fact]
    public async Task Health_lists_only_subscribers_of_the_organization_of_a_bound_key()
    {
        await _relay.PollAsync();

        Assert.Equal(_relay.Subscriber.Id, (await _relay.HealthAsync(_relay.Subscriber.OrganizationId)).SubscriberId);
        Assert.True(OrganizationId.TryFrom(int.MaxValue, out var other));
        Assert.Empty((await _relay.ListHealthAsync(other))!);
    }

    [Fact]
    public async Task Health_is_unknown_when_the_table_cannot_be_read()
    {
        _relay.Tables.Failure = (_, _) => new RequestFailedException(503, "busy");

        Assert.Null(await _relay.ListHealthAsync());
    }

    [Fact]
    public async Task Health_is_unknown_after_three_seconds_when_the_table_does_not_respond()
    {
        var health = _relay.ListHealthAsync(tables: new SilentTables());
        Assert.False(health.IsCompleted);

        _relay.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Null(await health.WaitAsync(Eventually.Deadline));
    }
}
