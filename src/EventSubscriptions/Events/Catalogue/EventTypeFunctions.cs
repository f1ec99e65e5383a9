using System.Collections.Frozen;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>Lists the event types. The responses are built at start, because the catalogue changes only with the app.</summary>
public sealed class EventTypeFunctions(EventCatalogue catalogue)
{
    private readonly StaticContentResult _list = new(catalogue.Document);

    private readonly FrozenDictionary<string, StaticContentResult> _byName = catalogue.All.ToFrozenDictionary(
        type => type.Name.ToString(),
        type => new StaticContentResult(type.Document),
        StringComparer.Ordinal
    );

    /// <summary>All event types by name, in one page.</summary>
    [Function("ListEventTypes")]
    [Requires(Role.Read, Role.Publish)]
    public IResult List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/event-types")] HttpRequest http,
        FunctionContext context
    ) => ApiRequest.Of(http, context).Validate() ?? _list;

    /// <summary>One event type. Names are case-sensitive.</summary>
    [Function("GetEventType")]
    [Requires(Role.Read, Role.Publish)]
    public IResult Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/event-types/{name}")] HttpRequest http,
        string name,
        FunctionContext context
    )
    {
        var request = ApiRequest.Of(http, context);
        return _byName.TryGetValue(name, out var type)
            ? request.Validate() ?? type
            : request.NotFound("Event type", catalogue.Nearest(name));
    }
}
