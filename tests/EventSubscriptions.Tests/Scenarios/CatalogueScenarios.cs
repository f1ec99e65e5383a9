using System.Net;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Every event of the catalogue, from its publication to the bytes that a receiver gets.</summary>
public sealed class CatalogueScenarios(CatalogueScenarios.Subscribed subscribed) : IClassFixture<CatalogueScenarios.Subscribed>
{
    private static readonly string s_fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "events");

    private static readonly string[] s_names =
    [
        .. Directory
            .EnumerateFiles(s_fixtures, "*.json")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The events that anybody may publish.</summary>
    public static TheoryData<string> Names => [.. s_names.Except(OperationalEvents.Names)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receiver_gets_the_payload_byte_for_byte_when_an_event_is_published(string eventName)
    {
        var expected = await File.ReadAllTextAsync(Path.Combine(s_fixtures, eventName + ".json"));
        expected = expected.TrimEnd('\n');
        using var payload = JsonDocument.Parse(expected);
        var data = payload.RootElement.GetProperty("data").GetRawText();

        var response = await subscribed.Organization.Api.Send(
            HttpMethod.Post,
            subscribed.Organization.Path + "/events",
            $$"""{"eventName":"{{eventName}}","data":{{data}}}"""
        );
        var eventId = response.Expect(HttpStatusCode.Accepted).Read<PublishResult>().Ids[0];

        var request = await subscribed.Hook.Received(eventId);
        Assert.Equal(expected, Encoding.UTF8.GetString(request.Body));
        Assert.Equal("POST", request.Method);
        Assert.Equal("Bearer " + subscribed.Subscription.Token, request.Authorization);
        Assert.Equal("application/json", request.ContentType);
    }

    [Fact]
    public async Task Catalogue_lists_exactly_the_events_of_the_specifications_and_the_operational_ones()
    {
        var types = await subscribed.Organization.Api.GetAll<EventTypeResult>("/api/event-types");

        Assert.Equal(40, types.Count);
        Assert.Equal(s_names, types.Select(type => type.Name).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    /// <summary>An app with a subscription of organization 1, which the examples name, to all events.</summary>
    public sealed class Subscribed : IAsyncLifetime
    {
        private AppProcess? _app;
        private Receiver? _receiver;

        internal Organization Organization { get; private set; } = null!;

        internal Hook Hook { get; private set; } = null!;

        internal SubscriptionHandle Subscription { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            _receiver = await Receiver.Start();
            _app = await AppProcess.Start();
            Organization = new Organization(_app.AsAdmin(), id: 1);
            Hook = _receiver.NewHook();
            Subscription = await Organization.Subscribe(Hook);
        }

        public async Task DisposeAsync()
        {
            await _app!.DisposeAsync();
            await _receiver!.DisposeAsync();
        }
    }
}
