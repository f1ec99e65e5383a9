using System.Collections.Frozen;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>Shows the catalogue. It changes only with the program, so the answers are made at start.</summary>
public sealed class EventTypeFunctions(EventCatalogue catalogue)
{
    private readonly StaticContentResult _list = new(catalogue.Document);

    private readonly FrozenDictionary<string, StaticContentResult> _byName =
        catalogue.All.ToFrozenDictionary(type => type.Name, type => new StaticContentResult(type.Document), StringComparer.Ordinal);

    /// <summary>Every event type, by name, in one page.</summary>
    [Function("ListEventTypes")]
    [Requires(Role.Read, Role.Publish)]
    public IResult List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/event-types")] HttpRequest request) =>
        Checked(request) ?? _list;

    /// <summary>One event type. Names are case-sensitive.</summary>
    [Function("GetEventType")]
    [Requires(Role.Read, Role.Publish)]
    public IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/event-types/{name}")] HttpRequest request, string name) =>
        _byName.TryGetValue(name, out var answer) ? Checked(request) ?? answer : Unknown(name);

    private static IResult? Checked(HttpRequest request)
    {
        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        return errors.Any ? errors.ToProblem() : null;
    }

    private IResult Unknown(string name) =>
        Problem.NotFound(catalogue.Nearest(name) is { } nearest ? $"There is no such event type; did you mean '{nearest}'?" : "There is no such event type.");
}
