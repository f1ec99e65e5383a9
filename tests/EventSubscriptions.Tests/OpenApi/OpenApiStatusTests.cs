using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>
/// The running app responds every operation with every status that the description lists for it. That it responds with no other, and with
/// the bodies and headers that are described, is checked wherever a test talks HTTP.
/// </summary>
public sealed class OpenApiStatusTests(OpenApiStatusApps apps) : IClassFixture<OpenApiStatusApps>
{
    private const string Admin = "admin";

    public static TheoryData<string, string> Listed
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var operation in Description.Operations)
            {
                foreach (var status in operation.Statuses.Where(status => status != "default"))
                {
                    data.Add(operation.Id, status);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Listed))]
    public async Task Operation_returns_the_statuses_that_it_lists(string id, string status) =>
        Assert.Equal(status, (await Provoke(Description.Operation(id), status)).ToString());

    private async Task<int> Provoke(Operation operation, string status)
    {
        switch (operation.Id, status)
        {
            case (_, "503"):
                return apps.InOutage[operation.Id];
            case ("changeSubscription" or "deleteSubscription" or "rotateSecret", "409"):
                return await InContention(operation.Id);
        }

        if (
            (operation.Id, status)
            is
                ("createSubscription", "409")
                or
                ("testSubscription" or "testFilter" or "previewFormat" or "publishEvents" or "publishAirEvents", "429")
        )
        {
            return await BeyondLimit(await Valid(operation, apps.Limited));
        }

        var request = await Valid(operation, apps.App);
        var response = (operation.Id, status) switch
        {
            ("resendDelivery" or "startReplay", "409") => await Inactive(request),
            ("cancelReplay", "409") => await Ended(request),
            ("putEventType" or "deleteEventType", "409") => await (request with { Path = "/api/event-types/CaseClosedEvent" }).Send(),
            ("putEventType", "200") => await Taken(request),
            ("createKey", "409") => await Taken(request),
            ("publishEvents" or "publishAirEvents", "409") => await Reused(request),
            (_, "200" or "201" or "202" or "204") => await request.Send(),
            (_, "304") => await request.Send(("If-None-Match", (await request.Send()).ETag!)),
            (_, "400") => await (request with { Path = request.Path + "?qqqq=1" }).Send(),
            (_, "401") => await (request with { Key = operation.Roles.Count == 0 ? "es_nobody" : null }).Send(),
            (_, "403") => await (request with { Key = await Things.KeyWithout(operation.Roles, apps.App, request.Organization) }).Send(),
            (_, "404") => await Absent(request),
            (_, "412") => await request.Send(("If-Match", "\"another\"")),
            (_, "413") => await (request with { Body = $$"""{"x":"{{new string('x', 1024 * 1024)}}"}""" }).Send(),
            (_, "415") => await (request with { Body = "{}", ContentType = "text/plain" }).Send(),
            _ => throw new InvalidOperationException(
                $"Say in {nameof(OpenApiStatusTests)} how the app is made to respond to {operation} with {status}."
            ),
        };
        return (int)response.Status;
    }

    /// <summary>A request as in the description's examples, to things that are there.</summary>
    private async Task<Request> Valid(Operation operation, AppProcess app)
    {
        var organization = Organization.New(app);
        var things = new Things(app, organization, apps.Receiver);
        var path = await things.PathOf(operation);

        var media = operation.Definition["requestBody"]?["content"]?["application/json"];
        var body = media?["example"] ?? media?["examples"]?.AsObject().First().Value!["value"];
        if (operation.Id == "createKey")
        {
            body = body!.DeepClone();
            body["name"] = $"Key for {organization.Id}";
        }

        return new Request(app, organization, things.Subscription, operation, path, body?.ToJsonString(), app.AdminKey);
    }

    /// <summary>To a thing that isn't there; where there is nothing but an organization, to one that the key may not see.</summary>
    private async Task<ApiResponse> Absent(Request request)
    {
        var last = (string)request.Operation.ParametersIn("path").Last()["name"]!;
        if (last == "organizationId")
        {
            return await (request with { Key = await Keys.Create(apps.App, Admin, Organization.New(apps.App).Id) }).Send();
        }

        var (at, length) = (request.Operation.Path.Split('/').ToList().IndexOf($"{{{last}}}"), request.Path.Split('/'));
        length[at] = last == "name" ? "NoSuchEvent" : request.Operation.ParametersIn("path").Last()["example"]!.ToString();
        return await (request with { Path = string.Join('/', length) }).Send();
    }

    private static async Task<ApiResponse> Inactive(Request request)
    {
        (await request.Organization.Api.Patch(request.Subscription!.Path, new JsonObject { ["isActive"] = false })).Expect(
            HttpStatusCode.OK
        );
        return await (request with { Body = request.Operation.Id == "startReplay" ? """{"from":"2025-01-31T00:00:00Z"}""" : null }).Send();
    }

    private static async Task<ApiResponse> Reused(Request request)
    {
        var first = request with { Body = """{"eventName":"CaseArchivedEvent","organizationId":0,"data":{"id":"1","name":"first"}}""" };
        if (request.Operation.Id == "publishEvents")
        {
            first = first with { Body = first.Body.Replace("\"organizationId\":0,", "", StringComparison.Ordinal) };
        }

        (await first.Send(("Idempotency-Key", "reused"))).Expect(HttpStatusCode.Accepted);
        var second = request with { Body = first.Body.Replace("first", "second", StringComparison.Ordinal) };
        return await Eventually.Get(
            () => second.Send(("Idempotency-Key", "reused")),
            response => response.Status == HttpStatusCode.Conflict,
            response => $"a conflict, {response.Status} came"
        );
    }

    /// <summary>Sends a request so often at once that there is no room for all.</summary>
    private static async Task<int> Crowded(Request request)
    {
        await Eventually.Get(
            () => Task.WhenAll(Enumerable.Range(0, 20).Select(_ => request.Send())),
            responses => responses.Any(response => response.Status == HttpStatusCode.TooManyRequests),
            _ => "more requests at once than are allowed"
        );
        return 429;
    }

    /// <summary>Of what the request asks for, the organization has as much as it may.</summary>
    private async Task<int> BeyondLimit(Request request)
    {
        var hook = apps.Receiver.NewHook().After(TimeSpan.FromSeconds(30));
        switch (request.Operation.Id)
        {
            case "createSubscription":
                await request.Organization.Subscribe(hook);
                return (int)(await request.Send()).Status;
            case "publishEvents":
                await request.Organization.PublishCases(1_000, "many");
                return (int)(await request.Send()).Status;
            case "publishAirEvents":
                var many = string.Join(',', Enumerable.Repeat(request.Body, 1_000));
                (await (request with { Body = $"[{many}]" }).Send()).Expect(HttpStatusCode.Accepted);
                return (int)(await request.Send()).Status;
            case "testFilter":
                await request.Organization.PublishCases(1_000, "many");
                return await Crowded(request);
            case "previewFormat":
                var slow =
                    $"{{% assign a = '{new string('x', 1000)}' %}}"
                    + string.Concat(Enumerable.Repeat("{% assign a = a | append: a %}", 8))
                    + "{% for i in (1..200) %}{% assign x = a | sha256 %}{% endfor %}1";
                return await Crowded(request with { Body = $$$"""{"format":{"type":"template","body":"{{{slow}}}"}}""" });
            default:
                var change = new JsonObject { ["url"] = hook.Url.OriginalString, ["token"] = "token-0123456789" };
                (await request.Organization.Api.Patch(request.Subscription!.Path, change)).Expect(HttpStatusCode.OK);
                var running = request.Send();
                await hook.Received(1);
                var status = (int)(await request.Send()).Status;
                await running;
                return status;
        }
    }

    private static async Task<ApiResponse> Ended(Request request)
    {
        var id = await ReplayRuns.Start(request.Subscription!, "all", dryRun: true);
        await ReplayRuns.Ended(request.Subscription!, id);
        return await (request with { Path = $"{request.Subscription!.Path}/replays/{id}" }).Send();
    }

    /// <summary>A key of a name that another has.</summary>
    private static async Task<ApiResponse> Taken(Request request)
    {
        await request.Send();
        return await request.Send();
    }

    /// <summary>Others are faster than this change every time. No request from outside makes sure of that.</summary>
    private static async Task<int> InContention(string id)
    {
        using var services = await LocalServices.StartAsync();
        var organization = Given.Organization();
        var subscription = await Given
            .SubscriptionStore(services.Tables, services.Time)
            .AddAsync(
                Given.Subscription(organization, services.Time),
                Given.Entry(Given.Subscription(organization, services.Time)),
                default
            );
        // It is found, and from then on read and written in turn.
        var uses = 0;
        services.Flaky.Failure = (table, _) =>
            table == TableNames.Subscriptions && Interlocked.Increment(ref uses) is > 1 and var use && use % 2 == 1
                ? new RequestFailedException(412, "Others were faster.")
                : null;
        var store = Given.SubscriptionStore(services.Flaky, services.Time);
        var functions = new SubscriptionFunctions(
            store,
            new SubscriptionHealthStore(services.Flaky),
            new SubscriptionEditor(store, new SubscriptionCache(store, services.Time), Given.Rules(), services.Time),
            new SubscriptionLimit(store, new LimitsOptions(), services.Time),
            Given.EventTypes(services.Tables, services.Time),
            Given.Rules(),
            services.Time
        );
        var context = new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Manage, null), organization);
        var of = subscription.Id.ToString();
        var reply = await (
            id switch
            {
                "changeSubscription" => functions.ChangeSubscription(Requests.Post("""{"name":"newer"}"""), of, context, default),
                "deleteSubscription" => functions.DeleteSubscription(Requests.Get(), of, context, default),
                _ => functions.RotateSecret(Requests.Post("{}"), of, context, default),
            }
        ).Reply();
        var operation = Description.Operation(id);
        await DescriptionValidator.CheckAsync(
            new Exchange(
                operation.Method,
                operation.ExamplePath,
                new Dictionary<string, string>(StringComparer.Ordinal),
                "",
                reply.Status,
                reply.Headers.ToDictionary(
                    header => header.Key.ToLowerInvariant(),
                    header => header.Value.ToString(),
                    StringComparer.Ordinal
                ),
                reply.Body
            )
        );
        return reply.Status;
    }

    /// <summary>A request that is about to be sent.</summary>
    private sealed record Request(
        AppProcess App,
        Organization Organization,
        SubscriptionHandle? Subscription,
        Operation Operation,
        string Path,
        string? Body,
        string? Key
    )
    {
        public string ContentType { get; init; } = "application/json";

        public Task<ApiResponse> Send(params (string Name, string Value)[] headers) =>
            App.As(Key)
                .Send(
                    new HttpMethod(Operation.Method),
                    Path,
                    Body is null ? null : Encoding.UTF8.GetBytes(Body),
                    ContentType,
                    ifMatch: null,
                    headers
                );
    }
}
