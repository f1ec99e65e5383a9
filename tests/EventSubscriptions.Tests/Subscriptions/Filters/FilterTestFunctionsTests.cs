using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions.Filters;

public sealed class FilterTestFunctionsOnAzuriteTests() : FilterTestFunctionsTests(new AzuriteStores());

public sealed class FilterTestFunctionsOnLocalStoresTests() : FilterTestFunctionsTests(new LocalStores());

public abstract class FilterTestFunctionsTests(ITableStores stores) : IAsyncLifetime
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private EventArchive _archive = null!;
    private FilterTest _test = null!;
    private FilterTestFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        TableServiceClient tables = await stores.ConnectAsync();
        _archive = new EventArchive(tables, Given.Protector);
        _test = new FilterTest(_archive, _clock);
        _functions = new FilterTestFunctions(
            _test,
            Given.EventTypes(tables, _clock),
            new ArchiveOptions { Retention = TimeSpan.FromDays(30) },
            _clock
        );
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Test_counts_matching_events_and_shows_the_newest()
    {
        for (var i = 0; i < 30; i++)
        {
            await ArchiveAsync($"e{i}", i);
        }

        var reply = await TestAsync("""{"filter":{"data.number":{"$gte":15}}}""");

        Assert.Equal(200, reply.Status);
        var result = reply.Read<FilterTestResult>();
        Assert.Equal((30, 15, true), (result.Examined, result.Matched, result.IsComplete));
        Assert.Equal(Enumerable.Range(20, 10).Reverse().Select(i => $"e{i}"), result.Examples.Select(example => example.Id));
    }

    [Fact]
    public async Task Test_is_limited_to_events_and_a_time_range()
    {
        await ArchiveAsync("a", 1);
        var from = _clock.GetUtcNow();
        await ArchiveAsync("b", 1);
        await ArchiveAsync("c", 1, "TaskCompletedEvent");
        var to = _clock.GetUtcNow();
        await ArchiveAsync("d", 1);

        var range = $"\"from\":\"{from:O}\",\"to\":\"{to:O}\"";
        var all = (await TestAsync($$"""{"filter":{"data.number":1},{{range}}}""")).Read<FilterTestResult>();
        var some = (await TestAsync($$"""{"filter":{"data.number":1},{{range}},"events":["Case*"]}""")).Read<FilterTestResult>();

        Assert.Equal(["c", "b"], all.Examples.Select(example => example.Id));
        Assert.Equal(["b"], some.Examples.Select(example => example.Id));
    }

    [Fact]
    public async Task Event_without_a_payload_does_not_match()
    {
        await ArchiveAsync("a", 1);
        Assert.True(EventId.TryParse("a", out var id));
        await _archive.RemovePayloadAsync(_organization, id, _clock.GetUtcNow(), default);

        var result = (await TestAsync("""{"filter":{"data.number":{"$neq":2}}}""")).Read<FilterTestResult>();

        Assert.Equal((1, 0), (result.Examined, result.Matched));
    }

    [Fact]
    public async Task Errors_are_all_reported()
    {
        var reply = await TestAsync("""{"filter":{"number":1},"events":["Nope"],"from":"x","only":1}""");

        Assert.Equal(["filter.number", "events[0]", "from", "only"], reply.Errors.Keys);
        Assert.Equal(["filter"], (await TestAsync("{}")).Errors.Keys);
    }

    [Fact]
    public async Task Third_concurrent_test_of_an_organization_is_refused()
    {
        using var first = _test.Slots.TryEnter(_organization);
        var second = _test.Slots.TryEnter(_organization);

        Assert.Equal(429, (await TestAsync("""{"filter":{"data.number":1}}""")).Status);
        second!.Dispose();
        Assert.Equal(200, (await TestAsync("""{"filter":{"data.number":1}}""")).Status);
    }

    private async Task ArchiveAsync(string id, int number, string eventName = "CaseClosedEvent")
    {
        Assert.True(EventId.TryParse(id, out var eventId));
        var payload = Encoding.UTF8.GetBytes($$$"""{"eventName":"{{{eventName}}}","organizationId":1,"data":{"number":{{{number}}}}}""");
        await _archive.AddAsync(_organization, eventId, EventName.Parse(eventName), EventSource.Http, payload, _clock.GetUtcNow(), default);
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private Task<Reply> TestAsync(string body) =>
        _functions
            .TestFilter(
                Requests.Post(body),
                new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Analyst, null), _organization),
                default
            )
            .Reply();
}
