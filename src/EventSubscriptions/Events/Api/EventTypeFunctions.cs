using EventSubscriptions.Audit;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Events.Api;

/// <summary>Lists the event types, and adds, changes and deletes custom ones.</summary>
public sealed class EventTypeFunctions(
    EventTypes types,
    EventTypeStore store,
    EventCatalogue builtIn,
    SubscriptionStore subscriptions,
    AuditLog audit,
    TimeProvider time
)
{
    private const string Item = "api/event-types/{name}";
    private const int MaxTypes = 1_000;
    private const int MaxSubscriptionsShown = 100;

    /// <summary>All event types by name, in one page.</summary>
    [Function(nameof(ListEventTypes))]
    [Requires(Role.Read, Role.Publish)]
    public async Task<IResult> ListEventTypes(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/event-types")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    ) => ApiRequest.Of(http, context).Validate() ?? (await types.GetAsync(cancellationToken)).Result;

    /// <summary>One event type. Names are case-sensitive.</summary>
    [Function(nameof(GetEventType))]
    [Requires(Role.Read, Role.Publish)]
    public async Task<IResult> GetEventType(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest http,
        string name,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var catalogue = await types.GetAsync(cancellationToken);
        return catalogue.TryGet(name, out var type)
            ? request.Validate() ?? type.Result
            : request.NotFound("Event type", catalogue.Nearest(name));
    }

    /// <summary>Adds a custom event type, or replaces it.</summary>
    [Function(nameof(PutEventType))]
    [Requires(Role.Admin)]
    public async Task<IResult> PutEventType(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Item)] HttpRequest http,
        string name,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (request.Caller.Organization is not null)
        {
            return Bound(request);
        }

        await request.ReadBodyAsync(cancellationToken);
        var isName = EventTypeFields.IsName(name);
        if (!isName)
        {
            request.Errors.Add("name", EventTypeFields.NameExpected);
        }

        var type = EventTypeFields.Read(isName ? EventName.Parse(name) : default, request.Fields);
        var ifMatch = request.IfMatch();
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        if (builtIn.All.FirstOrDefault(item => IsSame(item, name)) is { } reserved)
        {
            return Problem.Conflict($"{reserved.Name} is a built-in event type, which can't be changed. Choose another name.");
        }

        await types.Changing.WaitAsync(cancellationToken);
        try
        {
            return await PutAsync(type!, ifMatch, request.Caller, cancellationToken);
        }
        finally
        {
            types.Changing.Release();
        }
    }

    /// <summary>Deletes a custom event type that no subscription names.</summary>
    [Function(nameof(DeleteEventType))]
    [Requires(Role.Admin)]
    public async Task<IResult> DeleteEventType(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item)] HttpRequest http,
        string name,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (request.Caller.Organization is not null)
        {
            return Bound(request);
        }

        var isBuiltIn = builtIn.Contains(name);
        var stored = EventTypeFields.IsName(name) ? await store.FindAsync(EventName.Parse(name), cancellationToken) : null;
        if (!isBuiltIn && stored?.Type.Name.ToString() != name)
        {
            return request.NotFound("Event type", (await types.GetAsync(cancellationToken)).Nearest(name));
        }

        var ifMatch = request.IfMatch();
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        if (isBuiltIn)
        {
            return Problem.Conflict($"{name} is a built-in event type, which can't be deleted.");
        }

        await types.Changing.WaitAsync(cancellationToken);
        try
        {
            return await DeleteAsync(stored!.Type.Name, ifMatch, request, cancellationToken);
        }
        finally
        {
            types.Changing.Release();
        }
    }

    private async Task<IResult> PutAsync(EventType type, IfMatch ifMatch, Caller caller, CancellationToken cancellationToken)
    {
        var stored = await store.FindAsync(type.Name, cancellationToken);
        if (stored is not null && stored.Type.Name != type.Name)
        {
            return Problem.Conflict($"The custom event type {stored.Type.Name} has the same name in another case. Choose another name.");
        }

        if (!ifMatch.Accepts(stored?.Type.Result.Tag))
        {
            return Problem.PreconditionFailed();
        }

        if (stored is null && (await store.ListAsync(cancellationToken)).Count >= MaxTypes)
        {
            return Problem.Conflict($"There are {MaxTypes} custom event types already. Delete one first.");
        }

        // The entry comes first: if the process dies in between, the caller gets no response and repeats the request.
        await audit.AppendAsync(
            Entry(stored is null ? AuditType.EventTypeCreated : AuditType.EventTypeUpdated, type.Name, caller),
            cancellationToken
        );
        if (!await store.TryWriteAsync(type.Name, EventTypeFields.Write(type), stored?.Version, cancellationToken))
        {
            return Contended();
        }

        types.Forget();
        return stored is null ? type.Result.Created($"/api/event-types/{type.Name}") : type.Result.Replaced();
    }

    private async Task<IResult> DeleteAsync(EventName name, IfMatch ifMatch, ApiRequest request, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(name, cancellationToken) is not { } stored)
        {
            return request.NotFound("Event type");
        }

        if (!ifMatch.Accepts(stored.Type.Result.Tag))
        {
            return Problem.PreconditionFailed();
        }

        var users = await subscriptions.ListUsersOfAsync(name.ToString(), MaxSubscriptionsShown, cancellationToken);
        if (users.Count > 0)
        {
            return Problem.InUse(
                users.Count == MaxSubscriptionsShown
                    ? $"Subscriptions name this event type; the first {MaxSubscriptionsShown} are listed. Remove it from their events first."
                    : "Subscriptions name this event type. Remove it from their events first.",
                users
            );
        }

        await audit.AppendAsync(Entry(AuditType.EventTypeDeleted, stored.Type.Name, request.Caller), cancellationToken);
        if (!await store.TryDeleteAsync(stored.Type.Name, stored.Version, cancellationToken))
        {
            return Contended();
        }

        types.Forget();
        return ApiResult.NoContent();
    }

    private static IResult Bound(ApiRequest request) =>
        request.Forbidden("Event types belong to all organizations: an admin key that is not bound to one is required.");

    private static IResult Contended() => Problem.Conflict("The event type is being changed by others. Try again.");

    private static bool IsSame(EventType type, string name) =>
        string.Equals(type.Name.ToString(), name, StringComparison.OrdinalIgnoreCase);

    private AuditEntry Entry(AuditType type, EventName name, Caller caller) =>
        new()
        {
            Type = type,
            Timestamp = time.GetUtcNow(),
            EventName = name.ToString(),
            Actor = caller.Actor,
        };
}
