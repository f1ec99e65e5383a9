using System.Net;
using System.Text.Json.Nodes;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class EventTypeScenarios
{
    [Fact]
    public async Task Event_that_is_accepted_while_its_type_is_deleted_is_delivered()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        await organization.Subscribe(hook);
        var admin = app.AsAdmin();
        List<string> accepted = [];
        for (var i = 0; i < 10; i++)
        {
            var type = $"/api/event-types/Test{i}";
            var definition = """{"category":"Test","description":"A test.","example":{}}""";
            (await admin.Send(HttpMethod.Put, type, definition)).Expect(HttpStatusCode.Created);

            var publishing = PublishUntilRefusedAsync(organization, $"Test{i}");
            (await admin.Delete(type)).Expect(HttpStatusCode.NoContent);
            accepted.AddRange(await publishing);
        }

        Assert.NotEmpty(accepted);
        await Eventually.Until(
            () => accepted.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Select(request => request.EventId)),
            () => $"{accepted.Count} events, {hook.Count} requests came"
        );
    }

    [Fact]
    public async Task Event_type_is_changed_when_If_Match_is_its_tag()
    {
        await using var app = await AppProcess.Start();
        var admin = app.AsAdmin();
        const string Type = "/api/event-types/Test",
            Definition = """{"category":"Test","description":"A test.","example":{}}""",
            Other = """{"category":"Test","description":"Another.","example":{}}""";
        var created = (await admin.Send(HttpMethod.Put, Type, Definition)).Expect(HttpStatusCode.Created);

        (await admin.Send(HttpMethod.Put, Type, Other, ifMatch: "\"stale\"")).Expect(HttpStatusCode.PreconditionFailed);
        Assert.Contains("A test.", (await admin.Get(Type)).Text, StringComparison.Ordinal);
        (await admin.Send(HttpMethod.Put, Type, Other, ifMatch: created.ETag)).Expect(HttpStatusCode.OK);
        Assert.Contains("Another.", (await admin.Get(Type)).Text, StringComparison.Ordinal);
        (await admin.Delete(Type, created.ETag)).Expect(HttpStatusCode.PreconditionFailed);
    }

    private static async Task<IReadOnlyList<string>> PublishUntilRefusedAsync(Organization organization, string name)
    {
        List<string> ids = [];
        while (true)
        {
            var body = new JsonObject { ["eventName"] = name, ["data"] = new JsonObject() };
            var response = await organization.Api.Post($"{organization.Path}/events", body);
            if (response.Status == HttpStatusCode.BadRequest)
            {
                return ids;
            }

            ids.Add((string)response.Expect(HttpStatusCode.Accepted).Json["ids"]![0]!);
        }
    }
}
