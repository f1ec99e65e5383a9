using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>What the paths of requests name, made when it is asked for.</summary>
internal sealed class Things(AppProcess app, Organization organization, Receiver receiver)
{
    private const string Admin = "admin";

    public SubscriptionHandle? Subscription { get; private set; }

    /// <summary>A key of another role than one of these.</summary>
    public static async Task<string> KeyWithout(IReadOnlyList<string> roles, AppProcess app, Organization organization) =>
        await Keys.Create(
            app,
            roles is [Admin] ? "manage"
                : roles.Contains("publish", StringComparer.Ordinal) ? "read"
                : "publish",
            organization.Id
        );

    /// <summary>The path of an operation on things that are there.</summary>
    public async Task<string> PathOf(Operation operation)
    {
        var path = operation.Path;
        foreach (var name in operation.ParametersIn("path").Select(parameter => (string)parameter["name"]!))
        {
            path = path.Replace($"{{{name}}}", await Find(operation, name), StringComparison.Ordinal);
        }

        return path;
    }

    private async Task<string> Find(Operation operation, string parameter)
    {
        switch (parameter)
        {
            case "organizationId":
                return organization.Id.ToString();
            case "name" when operation.Id == "putEventType":
                return NewEventType();
            case "name" when operation.Id == "deleteEventType":
                var name = NewEventType();
                var definition = """{"category":"Test","description":"A test.","example":{}}""";
                (await organization.Api.Send(HttpMethod.Put, $"/api/event-types/{name}", definition)).Expect(HttpStatusCode.Created);
                return name;
            case "name":
                return "CaseClosedEvent";
            case "id" when operation.Path.StartsWith("/api/keys", StringComparison.Ordinal):
                return (await Keys.Issue(app, "read", organization.Id)).Id;
            case "id":
                Subscription = await organization.Subscribe(receiver.NewHook());
                return Subscription.Id;
            case "eventId":
                return await Delivered();
            case "replayId":
                await Delivered();
                return await ReplayRuns.Start(Subscription!, "all");
            default:
                throw new InvalidOperationException($"Say in {nameof(Things)} where the {parameter} of {operation} comes from.");
        }
    }

    private static string NewEventType() => $"Test.{Guid.NewGuid():N}";

    /// <summary>Three, so that a replay of them takes a while, and their attempts are logged.</summary>
    private async Task<string> Delivered()
    {
        Subscription ??= await organization.Subscribe(receiver.NewHook());
        var ids = await organization.PublishCases(3, "case");
        await Subscription.Attempted("delivered", 3);
        return ids[0];
    }
}
